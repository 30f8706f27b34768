"""`centernet recipe`: list, show, check and begin what models are trained by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from centernet_cli.cli import console
from centernet_cli.core.errors import CenterNetError, ExitCode, RecipeError
from centernet_cli.core.recipe import Recipe
from centernet_cli.core.recipe_file import find_recipe, load_recipe, recipe_to_yaml, resolve_recipe, shipped_recipes

if TYPE_CHECKING:
    from collections.abc import Iterable

app = typer.Typer(
    help="List, show, check and begin training recipes.\n\nExamples:\n    centernet recipe show smoke --origin"
)

RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="A file, or the name of a shipped recipe.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a value, such as train.epochs=3; repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


@app.command("list")
def list_recipes(
    folder: Annotated[Path | None, typer.Argument(help="Where to look; default: the shipped recipes.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List recipes with the first line of the comment they open with.

    Examples:
        centernet recipe list
        centernet recipe list my/recipes --json
    """
    if folder is not None and not folder.is_dir():
        raise RecipeError("R301", "no such folder", path=folder)
    files = shipped_recipes() if folder is None else sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    rows = [{"name": file.stem, "path": str(file), "about": about(file)} for file in files]
    if as_json:
        console.write_json({"schema_version": 1, "recipes": rows})
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        console.write(f"{row['name']:<{width}}  {row['about']}".rstrip())
    if not rows:
        console.say("no recipes found")


@app.command("show")
def show(
    recipe: RecipePath,
    *,
    overrides: Overrides = None,
    origin: Annotated[bool, typer.Option("--origin", help="List where each value comes from.")] = False,
    as_json: Json = False,
) -> None:
    """Write a recipe out in full: what it extends, the environment and --set applied, defaults filled in.

    Examples:
        centernet recipe show smoke
        centernet recipe show recipes/lines.yaml --set optim.lr=1e-4 --origin
    """
    resolved = resolve_recipe(recipe, overrides or ())
    rows = list(resolved.rows())
    if as_json:
        origins = {key: str(where) for key, _, where in rows}
        console.write_json({"schema_version": 1, "recipe": resolved.recipe.model_dump(mode="json"), "origins": origins})
    elif origin:
        _write_columns((key, json.dumps(value, ensure_ascii=False), str(where)) for key, value, where in rows)
    else:
        console.write(recipe_to_yaml(resolved.recipe).rstrip("\n"))


@app.command("check")
def check(
    recipes: Annotated[list[Path], typer.Argument(metavar="RECIPE...", help="Files or names of shipped recipes.")],
    *,
    overrides: Overrides = None,
    as_json: Json = False,
) -> None:
    """Check recipes and print all that is wrong with them; data and weights they name are not opened.

    Examples:
        centernet recipe check recipes/*.yaml
    """
    results: list[dict[str, object]] = []
    code = ExitCode.OK
    for path in recipes:
        problems: list[str] = []
        try:
            load_recipe(find_recipe(path), overrides or ())
        except CenterNetError as error:
            code = code or error.exit_code
            problems = error.lines()
            console.problem(error)
        results.append({"path": str(path), "ok": not problems, "problems": problems})
        if not problems and not as_json:
            console.say(f"{path}: ok")
    if as_json:
        console.write_json({"schema_version": 1, "recipes": results})
    raise typer.Exit(code)


@app.command("init")
def init(
    sources: Annotated[
        list[Path],
        typer.Option("--from", metavar="DATASET", help="A dataset as `convert` reads it, with its images; repeatable."),
    ],
    task: Annotated[Literal["lines", "regions"], typer.Option("--task", help="The shipped model to start from.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The recipe.")] = Path("recipe.yaml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
) -> None:
    """Write a recipe that fine-tunes a shipped model on your pages, and can be trained at once.

    Examples:
        centernet recipe init --from truth.json --task lines
        centernet recipe init --from scans/ --from more.json --task regions --out regions.yaml

    Classes, page size and the number of boxes to expect come from the dataset (see `data stats`). A fifth of the
    documents is held out to judge by. The comment on top says how long it will take.
    """
    from centernet_cli.cli.recipe_init import write_first_recipe

    write_first_recipe(sources, task, out, force=force)


@app.command("schema")
def schema() -> None:
    """Write the JSON Schema of recipes, for editors that complete YAML.

    Examples:
        centernet recipe schema > recipe.schema.json
    """
    value = Recipe.model_json_schema()
    value["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    value["properties"]["extends"] = {"type": "string", "description": "The recipe this one starts from."}
    value["required"] = []  # what is missing here may be in the extended recipe
    console.write(json.dumps(value, indent=2))


def about(file: Path) -> str:
    """Return the first comment line of a recipe, empty if it has none."""
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            first = next(lines, "")
    except OSError:
        return ""
    return first.lstrip("#").strip() if first.startswith("#") else ""


def _write_columns(rows: Iterable[tuple[str, str, str]]) -> None:
    table = list(rows)
    widths = [min(max(len(row[column]) for row in table), 48) for column in (0, 1)]
    for key, value, where in table:
        console.write(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {where}")
