"""Recipes written as YAML that `strict_yaml` reads back to the same values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from centernet_cli.core.strict_yaml import core_scalar

if TYPE_CHECKING:
    from centernet_cli.core.recipe import Recipe


class _Dumper(yaml.SafeDumper):
    """Puts lists of plain values on one line, quotes what would be read as another type, writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        del flow_style
        plain = not any(isinstance(item, dict | list) for item in sequence)
        return super().represent_sequence(tag, sequence, flow_style=plain)


def _represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # PyYAML quotes what YAML 1.1 would misread (`no`, `1:30`); `1e-4` it would leave plain, and some line breaks
    # (such as U+0085) come back as others unless they are escaped.
    style = "'" if core_scalar(value) != value else None
    if not value.isprintable():
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represent_str)


def recipe_to_yaml(recipe: Recipe) -> str:
    """Write a whole recipe, defaults included."""
    return dump_yaml(recipe.model_dump(mode="json"))


def dump_yaml(value: object) -> str:
    """Write plain values as YAML, keys in the order they have."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110)
    return str(text)
