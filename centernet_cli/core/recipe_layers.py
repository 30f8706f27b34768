"""The layers of a recipe: a file, the environment, an option; each with the place of every value."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from centernet_cli.core.errors import RecipeError
from centernet_cli.core.recipe import Recipe
from centernet_cli.core.recipe_problems import Finding, section_at, unknown_key
from centernet_cli.core.strict_yaml import MAX_BYTES, Document, Problem, decode, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from centernet_cli.core.strict_yaml import KeyPath

Kind = Literal["default", "extends", "recipe", "environment", "command line"]
PREFIX = "CENTERNET_"
NAMES = frozenset({"imagenet", "lines", "regions"})
"""Values of `model.pretrained` and `model.init` that are names, not files."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from; `label` is the file, variable or option."""

    kind: Kind
    label: str = ""
    line: int | None = None
    col: int | None = None

    @property
    def is_option(self) -> bool:
        """Whether the value was given with the command rather than in a file."""
        return self.kind in {"environment", "command line"}

    def __str__(self) -> str:
        if self.is_option:
            return self.label
        place = f"{self.label}:{self.line}" if self.line is not None else self.label
        return f"{self.kind} {place}".strip()


@dataclass(slots=True)
class Layer:
    """Values of one origin.

    Attributes:
        origin: Of the layer as a whole.
        data: Plain values, paths made absolute.
        origins: Of each key path in `data`.
        refused: What could not be taken.
        extends: The recipe below this one, and where it is named.
        indexes: Whether numeric keys mean items of a list.
    """

    origin: Origin
    data: dict[str, object] = field(default_factory=dict)
    origins: dict[KeyPath, Origin] = field(default_factory=dict)
    refused: list[tuple[Origin, Finding]] = field(default_factory=list)
    extends: tuple[Path, Origin] | None = None
    indexes: bool = False


def read_layer(path: Path, kind: Kind, asked_by: Origin | None) -> Layer:
    """Read one recipe file.

    Args:
        path: The file.
        kind: What it is to the recipe asked for.
        asked_by: The `extends:` that names it, for the error message; None for the recipe itself.

    Raises:
        RecipeError: If it cannot be read, or isn't YAML at all.
    """
    label = str(path)
    document = parse(_read_text(path, asked_by))
    layer = Layer(Origin(kind, label))
    layer.origins = {key: Origin(kind, label, line, col) for key, (line, col) in document.marks.items()}
    layer.refused = [
        (
            Origin(kind, label, problem.line, problem.col),
            Finding(problem.key, problem.code, problem.message, problem.hint),
        )
        for problem in document.problems
    ]
    _raise_if_unreadable(path, document)
    assert isinstance(document.data, dict)
    layer.data = document.data
    if "extends" in layer.data:
        _take_extends(layer, path)
    _make_paths_absolute(layer.data, path.parent)
    return layer


def environment_layer(environ: Mapping[str, str]) -> list[Layer]:
    """Return a layer for each variable like `CENTERNET_TRAIN__EPOCHS=3`; empty ones count as not set."""
    layers = []
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX) or not environ[name]:
            continue
        key = tuple(name[len(PREFIX) :].lower().split("__"))
        if len(key) > 1 or key[0] in Recipe.model_fields:
            layers.append(_value_layer(Origin("environment", name), key, environ[name]))
    return layers


def option_layer(option: str) -> Layer:
    """Return the layer of one `--set key=value`."""
    origin = Origin("command line", f"--set {option}")
    key, equals, value = option.partition("=")
    if not equals or not key.strip():
        finding = Finding((), "U211", "must be KEY=VALUE, such as train.epochs=3")
        return Layer(origin, refused=[(origin, finding)])
    return _value_layer(origin, tuple(key.strip().split(".")), value)


def _value_layer(origin: Origin, key: tuple[str, ...], text: str) -> Layer:
    """Nest one value under its dotted key; complain about keys that don't exist."""
    layer = Layer(origin, indexes=True)
    for length in range(1, len(key) + 1):
        parent: KeyPath = tuple(int(part) if part.isdecimal() else part for part in key[: length - 1])
        section = section_at(parent)
        if section is not None and not key[length - 1].isdecimal() and key[length - 1] not in section.model_fields:
            layer.refused.append((origin, unknown_key(key[:length])))
            return layer
    document = parse(text)
    if document.problems:
        layer.refused = [
            (origin, Finding(key, problem.code, problem.message, problem.hint)) for problem in document.problems
        ]
        return layer
    value = document.data
    for part in reversed(key):
        value = {part: value}
    assert isinstance(value, dict)
    layer.data = value
    _make_paths_absolute(layer.data, Path.cwd())
    # Origins are needed for the value's own keys only: sections above keep theirs.
    layer.origins = {(*key, *inner): origin for inner in document.marks} | {key: origin}
    return layer


def _read_text(path: Path, asked_by: Origin | None) -> str:
    try:
        if path.is_dir():
            raise _no_file("is a folder", path, asked_by)
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _no_file(reason.lower(), path, asked_by) from None
    text = decode(raw)
    if isinstance(text, Problem):
        raise RecipeError(text.code, text.message, path=path, line=text.line, col=text.col, hint=text.hint)
    return text


def _no_file(reason: str, path: Path, asked_by: Origin | None) -> RecipeError:
    if asked_by is None:
        return RecipeError("R301", reason, path=path)
    place = asked_by.label
    return RecipeError("R301", f"extends: {path}: {reason}", path=place, line=asked_by.line, col=asked_by.col)


def _raise_if_unreadable(path: Path, document: Document) -> None:
    """Stop where nothing below could make sense: a syntax error hides the rest of the file."""
    errors = [
        RecipeError(problem.code, problem.message, path=path, line=problem.line, col=problem.col, hint=problem.hint)
        for problem in document.problems
    ]
    if any(error.code == "R302" for error in errors):
        errors[0].others.extend(errors[1:])
        raise errors[0]
    if not isinstance(document.data, dict) and not errors:
        what = "empty" if document.data is None else "not a recipe: keys and values are needed"
        raise RecipeError("R306", what, path=path, line=1, col=1)
    if not isinstance(document.data, dict):
        raise errors[0]


def _take_extends(layer: Layer, path: Path) -> None:
    value = layer.data.pop("extends")
    origin = layer.origins.pop(("extends",))
    if isinstance(value, str) and value:
        layer.extends = (path.parent / Path(value).expanduser(), origin)
    elif not any(finding.at == ("extends",) for _, finding in layer.refused):
        finding = Finding(("extends",), "R320", "extends: must be the path of one recipe")
        layer.refused.append((origin, finding))


def _make_paths_absolute(data: dict[str, object], folder: Path) -> None:
    """Resolve the paths a recipe may hold against `folder`; values of wrong types are left for validation."""
    match data.get("data"):
        case {**sections}:
            for key in ("train", "val"):
                sources = sections.get(key)
                items = sources.values() if isinstance(sources, dict) else sources if isinstance(sources, list) else ()
                for source in items:
                    if isinstance(source, dict) and isinstance(source.get("path"), str):
                        source["path"] = _absolute(source["path"], folder)
    section = data.get("data")
    if isinstance(section, dict) and isinstance(section.get("cache_dir"), str):
        section["cache_dir"] = _absolute(section["cache_dir"], folder)
    model = data.get("model")
    if isinstance(model, dict):
        for key in ("pretrained", "init"):
            if isinstance(model.get(key), str) and model[key] not in NAMES:
                model[key] = _absolute(model[key], folder)


def _absolute(value: str, folder: Path) -> str:
    # Not resolve(): a symlink the user made stays as it is named.
    return os.path.abspath(folder / Path(value).expanduser()) if value else value  # noqa: PTH100
