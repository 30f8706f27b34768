"""Recipes from files: `extends`, environment and command line laid over each other, every value with its origin.

Precedence: command line > `CENTERNET_*` environment > recipe > the recipe it extends > defaults.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import RecipeError, UsageError
from centernet_cli.core.recipe_layers import Layer, Origin, environment_layer, option_layer, read_layer
from centernet_cli.core.recipe_problems import Finding, dotted, suggest, validate
from centernet_cli.core.recipe_yaml import recipe_to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.core.strict_yaml import KeyPath

__all__ = ["ResolvedRecipe", "find_recipe", "load_recipe", "recipe_to_yaml", "resolve_recipe", "shipped_recipes"]

DEFAULT = Origin("default")
_HERE = Path(__file__).resolve()
FOLDERS = (_HERE.parents[1] / "recipes", _HERE.parents[2] / "recipes")
"""Where shipped recipes are: in an installed package, in a checkout."""


@dataclass(frozen=True, slots=True)
class ResolvedRecipe:
    """A recipe and where its values come from; values that `origins` doesn't name are defaults."""

    recipe: Recipe
    origins: dict[KeyPath, Origin] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[str, object, Origin]]:
        """Yield each value with its dotted key and origin, in the recipe's order; lists are one value."""
        yield from self._rows((), self.recipe.model_dump(mode="json"))

    def _rows(self, path: KeyPath, value: object) -> Iterator[tuple[str, object, Origin]]:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                yield from self._rows((*path, key), inner)
        else:
            yield dotted(path), value, self.origins.get(path, DEFAULT)


def load_recipe(path: Path, overrides: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Recipe:
    """Read a recipe.

    Args:
        path: The file, or the name of a shipped recipe.
        overrides: `key=value` pairs of `--set`, values in YAML.
        environ: Environment; None takes the process's.

    Returns:
        The recipe; relative paths in it are absolute, from the folder of the file they are written in.

    Raises:
        RecipeError: All that is wrong with the file, or the files it extends.
        UsageError: All that is wrong with `overrides` and the environment.
    """
    return resolve_recipe(path, overrides, environ).recipe


def resolve_recipe(
    path: Path, overrides: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> ResolvedRecipe:
    """Read a recipe like `load_recipe` and say where each value comes from."""
    layers = _file_layers(find_recipe(path))
    merged = _Merged()
    for layer in layers:
        merged.lay(layer)
    for layer in [*environment_layer(os.environ if environ is None else environ), *map(option_layer, overrides)]:
        merged.lay(layer)
    recipe = validate(merged.data)
    findings = recipe if isinstance(recipe, list) else []
    _raise_problems(layers[-1], merged, findings)
    assert not isinstance(recipe, list)
    return ResolvedRecipe(recipe, merged.origins)


def find_recipe(path: Path) -> Path:
    """Return `path`, or the shipped recipe of that name if there is no such file."""
    if path.exists() or path.name != str(path):
        return path
    shipped = {file.stem: file for file in shipped_recipes()}
    if path.stem in shipped and path.suffix in {"", ".yaml"}:
        return shipped[path.stem]
    raise RecipeError("R301", "no such recipe", path=path, hint=suggest(path.stem, sorted(shipped)))


def shipped_recipes() -> list[Path]:
    """List the recipes that come with the program."""
    return [file for folder in FOLDERS if folder.is_dir() for file in sorted(folder.glob("*.yaml"))]


def _file_layers(path: Path) -> list[Layer]:
    """Read `path` and what it extends; the most basic first."""
    layers: list[Layer] = []
    seen: list[Path] = []
    asked_by: Origin | None = None
    while True:
        real = path.resolve()
        if real in seen:
            assert asked_by is not None
            chain = " -> ".join(file.name for file in [*seen, real])
            raise RecipeError(
                "R320", f"extends: goes in a circle: {chain}", path=asked_by.label, line=asked_by.line, col=asked_by.col
            )
        seen.append(real)
        layer = read_layer(path, "extends" if layers else "recipe", asked_by)
        layers.append(layer)
        if layer.extends is None:
            return layers[::-1]
        path, asked_by = layer.extends


class _Merged:
    """Layers over each other: mappings are merged, everything else is replaced whole."""

    def __init__(self) -> None:
        self.data: dict[str, object] = {}
        self.origins: dict[KeyPath, Origin] = {}
        self.refused: list[tuple[Origin, Finding]] = []

    def lay(self, layer: Layer) -> None:
        self.refused.extend(layer.refused)
        self._merge(self.data, layer.data, (), layer)

    def _merge(self, into: dict[str, object], new: Mapping[str, object], path: KeyPath, layer: Layer) -> None:
        for key, value in new.items():
            here = (*path, key)
            old = into.get(key)
            if isinstance(value, dict) and isinstance(old, dict):
                self._merge(old, value, here, layer)
            elif isinstance(value, dict) and isinstance(old, list) and layer.indexes:
                # `--set data.train.0.weight=2` reaches into a list.
                self._merge_list(old, value, here, layer)
            else:
                self.origins = {at: origin for at, origin in self.origins.items() if at[: len(here)] != here}
                into[key] = value
            self.origins.update({at: where for at, where in layer.origins.items() if at[: len(here)] == here})

    def _merge_list(self, old: list[object], new: Mapping[str, object], path: KeyPath, layer: Layer) -> None:
        for key, value in new.items():
            at = int(key) if key.isdecimal() else len(old)
            if at >= len(old):
                finding = Finding(
                    (*path, key), "R310", f"{dotted((*path, key))}: the list has items 0 to {len(old) - 1}"
                )
                self.refused.append((layer.origin, finding))
            elif isinstance(value, dict) and isinstance(inner := old[at], dict):
                self._merge(inner, value, (*path, at), layer)
            else:
                old[at] = value
            self.origins[(*path, at)] = layer.origin

    def origin(self, path: KeyPath, last: Layer) -> Origin:
        """Return the origin of the nearest value at or above `path`."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return last.origin


class _UsageErrorList(UsageError):  # noqa: N818 - it is several errors
    """Several wrong options at once."""

    others: tuple[UsageError, ...] = ()

    def lines(self) -> list[str]:
        return [str(self), *(str(other) for other in self.others)]


def _raise_problems(last: Layer, merged: _Merged, findings: list[Finding]) -> None:
    bad = {finding.at for _, finding in merged.refused if finding.code == "R305"}
    placed = list(merged.refused)
    for finding in findings:
        # Where an alias was refused stands None: no second complaint about it.
        if any(finding.at[: len(at)] == at for at in bad if at):
            continue
        placed.append((merged.origin(finding.at, last), finding))
    usage = [
        _UsageErrorList("U211", finding.message, path=origin.label, hint=finding.hint)
        for origin, finding in placed
        if origin.is_option
    ]
    wrong = sorted(
        (
            RecipeError(
                finding.code, finding.message, path=origin.label, line=origin.line, col=origin.col, hint=finding.hint
            )
            for origin, finding in placed
            if not origin.is_option
        ),
        key=lambda error: (error.path != last.origin.label, error.path or "", error.line or 0, error.col or 0),
    )
    if wrong:
        wrong[0].others.extend(wrong[1:])
        raise wrong[0]
    if usage:
        usage[0].others = tuple(usage[1:])
        raise usage[0]
