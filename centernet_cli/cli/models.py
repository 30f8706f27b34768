"""`centernet models`: what models there are and what they say about themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from centernet_cli.cli import console
from centernet_cli.core.architectures import ArchName
from centernet_cli.core.errors import ModelError, OutputError, UsageError

if TYPE_CHECKING:
    from centernet_cli.models.meta import ModelMeta

app = typer.Typer(
    help="List, describe, pack and import models, and print their cards.\n\n"
    "Examples:\n    centernet models list\n    centernet models show lines\n    centernet models card lines"
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

    `gmacs_512` is the thousand millions of multiply-adds for an image of 512x512 pixels.
    """
    from centernet_cli.models.cost import cost
    from centernet_cli.models.meta import read_meta
    from centernet_cli.models.shelf import find_model, model_card

    path = find_model(model)
    meta = read_meta(path)
    spent = cost(meta.model, len(meta.classes))
    facts = describe(path, meta)
    facts |= {"parameters": spent.parameters, "gmacs_512": round(spent.multiply_adds / 1e9, 2)}
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


@app.command("card")
def card(
    model: Annotated[str, typer.Argument(help="Name of a shipped model, a run folder or a weights file.")],
) -> None:
    """Print a model's card: data and licences, scores with maxDets and threshold, limits, how to make it again.

    Examples:
        centernet models card lines
        centernet models card runs/mine > card.md
    """
    from centernet_cli.models.shelf import find_model, model_card

    weights = find_model(model)
    path = model_card(weights)
    if path is None:
        raise ModelError("M522", "there is no card beside this model", path=weights, hint="see `centernet models show`")
    console.write(path.read_text(encoding="utf-8").rstrip("\n"))


@app.command("pack")
def pack(
    model: Annotated[str, typer.Argument(help="A run folder, a weights file or the name of a shipped model.")],
    out: Annotated[Path, typer.Option("--out", help="The .safetensors file to write.")],
    *,
    name: Annotated[str | None, typer.Option("--name", help="New name.")] = None,
    threshold: Annotated[float | None, typer.Option("--threshold", help="New default score threshold.")] = None,
    class_threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--class-threshold",
            help="class=score: that class gets the model's threshold as score where it has this one now. Repeatable.",
        ),
    ] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option("--fact", help="key=value to store, the value as JSON or text; an empty one removes. Repeatable."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Keep all weights in float32.")] = False,
    graph: Annotated[
        bool, typer.Option("--graph/--no-graph", help="Also write the ONNX graph beside OUT, for prediction on CPUs.")
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT.")] = False,
) -> None:
    """Write a trained model as one compact file that says what it is.

    Examples:
        centernet models pack runs/letters --out letters.safetensors
        centernet models pack runs/letters --out letters.safetensors --fact "licence=CC-BY-4.0"
        centernet models pack runs/pages --out pages.safetensors --class-threshold caption=0.22

    `centernet evaluate` tells which score is the best threshold of each class. Rare classes get low scores, and one
    threshold for all loses them: --class-threshold puts the scores of all classes on one scale.

    Convolution weights are stored in half precision (half the size) unless --full is given. With the graph beside it
    (OUT with the suffix .onnx; a network that cannot be exported has none) the model predicts at once.
    """
    from centernet_cli.models.pack import pack_model

    if threshold is not None and not 0 <= threshold <= 1:
        raise UsageError("U310", f"must be from 0 to 1, not {threshold:g}", path="--threshold")
    if out.exists() and not force:
        raise OutputError("O803", "exists already", path=out, hint="--force replaces it")
    facts = dict(_fact(pair) for pair in fact or ())
    levels = dict(_class_threshold(pair) for pair in class_threshold or ())
    meta = pack_model(model, out, name=name, threshold=threshold, class_thresholds=levels, facts=facts, half=not full)
    console.say(f"{meta.name}: {out.stat().st_size / 1e6:.1f} MB, sha256 {meta.sha256[:16]}…")
    console.write(str(out))
    if graph:
        _write_graph(out)


def _write_graph(weights: Path) -> None:
    """Write the graph of packed weights beside them; an older one there is of other weights."""
    from centernet_cli.cli.export import read_page
    from centernet_cli.inference.export import export_model
    from centernet_cli.models.zoo import load_model

    path = weights.with_suffix(".onnx")
    try:
        parity = export_model(load_model(str(weights)), "onnx", path, read_page(None))
    except ModelError as error:
        if error.code != "M520":
            raise
        console.warn(f"no graph: {error}")
        return
    console.say(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {parity}")
    console.write(str(path))


@app.command("import")
def import_(
    checkpoint: Annotated[Path, typer.Argument(help="A .pth file of the original CenterNet.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write weights.safetensors to.")],
    *,
    arch: Annotated[
        ArchName | None, typer.Option("--arch", help="The original's architecture; the tensors tell it otherwise.")
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option("--classes", help="coco, voc, a file with a name a line, or names with commas between."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the model; that of the file otherwise.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is in OUT.")] = False,
) -> None:
    """Make a model of a checkpoint of the original CenterNet.

    Examples:
        centernet models import ctdet_coco_dla_2x.pth --out models/coco_dla
        centernet models import ctdet_pascal_resdcn18_512.pth --arch resdcn_18 --classes voc --out models/voc
        centernet models import mine.pth --classes table,figure --out models/mine

    Every tensor must fit by name and shape, else nothing is written. Use the model with --model OUT, or as
    model.init of a recipe.
    """
    from centernet_cli.models.official import read_checkpoint, save_checkpoint_as_model
    from centernet_cli.models.original_classes import class_names
    from centernet_cli.models.shelf import RUN_WEIGHTS

    weights = out / RUN_WEIGHTS
    if weights.exists() and not force:
        raise OutputError("O803", "exists already", path=weights, hint="--force replaces it")
    read = read_checkpoint(checkpoint, arch)
    names = class_names(classes, read.num_classes)
    meta = save_checkpoint_as_model(read, names, name or checkpoint.stem, weights)
    if names.kind == "numbered":
        console.say(f"{read.num_classes} classes without names: they are numbered, give --classes to name them")
    elif names.kind == "voc":
        console.say("20 classes: PASCAL VOC's names, and pixels normalised as the original does for VOC")
    mean = ", ".join(f"{value:.4g}" for value in meta.mean)
    console.say(f"{meta.name}: {meta.model.arch}, {read.num_classes} classes, pixels BGR less {mean}")
    console.write(str(out))


def _fact(pair: str) -> tuple[str, object]:
    key, sign, text = pair.partition("=")
    if not sign or not key.strip():
        raise UsageError("U113", f"not key=value: {pair}", path="--fact")
    try:
        value: object = json.loads(text, parse_constant=str) if text else None
    except ValueError:
        value = text
    return key.strip(), value


def _class_threshold(pair: str) -> tuple[str, float]:
    label, _, text = pair.rpartition("=")
    try:
        return label, float(text)  # whether both make sense, the model says
    except ValueError:
        raise UsageError("U113", f"not class=score: {pair}", path="--class-threshold") from None


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
        "test": meta.test.model_dump(mode="json"),
        "facts": meta.facts,
    }
