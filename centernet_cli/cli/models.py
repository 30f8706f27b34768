"""`centernet models`: what models there are and what they say about themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from centernet_cli.cli import console

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.models.meta import ModelMeta

app = typer.Typer(
    help="List and describe models.\n\nExamples:\n    centernet models list\n    centernet models show lines"
)

Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


@app.command("list")
def list_models(*, as_json: Json = False) -> None:
    """List the models that come with the program.

    Examples:
        centernet models list
        centernet models list --json
    """
    from centernet_cli.models.meta import read_meta
    from centernet_cli.models.shelf import shipped_models

    metas = [(path, read_meta(path)) for path in shipped_models().values()]
    if as_json:
        console.write_json({"schema_version": 1, "models": [describe(path, meta) for path, meta in metas]})
        return
    width = max((len(meta.name) for _, meta in metas), default=0)
    for path, meta in metas:
        size = f"{path.stat().st_size / 1e6:.1f} MB"
        console.write(f"{meta.name:<{width}}  {size:>8}  {', '.join(meta.classes)}")
    if not metas:
        console.say("no models in this installation")


@app.command("show")
def show(
    model: Annotated[str, typer.Argument(help="Name of a shipped model, a run folder or a weights file.")],
    *,
    as_json: Json = False,
) -> None:
    """Describe a model: classes, size, threshold, data, licence and scores.

    Examples:
        centernet models show lines
        centernet models show runs/mine --json
    """
    from centernet_cli.models.meta import read_meta
    from centernet_cli.models.shelf import find_model, model_card

    path = find_model(model)
    facts = describe(path, read_meta(path))
    card = model_card(path)
    if as_json:
        console.write_json({"schema_version": 1, "card": str(card) if card else None, **facts})
        return
    if card is not None:
        facts["card"] = str(card)
    width = max(len(key) for key in facts)
    for key, value in facts.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        console.write(f"{key:<{width}}  {text}")


def describe(path: Path, meta: ModelMeta) -> dict[str, object]:
    """Return what a model says about itself as JSON values."""
    return {
        "name": meta.name,
        "path": str(path),
        "bytes": path.stat().st_size,
        "sha256": meta.sha256,
        "classes": list(meta.classes),
        "page_size": meta.page_size,
        "threshold": meta.threshold,
        "model": meta.model.model_dump(mode="json", exclude={"pretrained", "init"}),
        "decode": meta.decode.model_dump(mode="json"),
        "facts": meta.facts,
    }
