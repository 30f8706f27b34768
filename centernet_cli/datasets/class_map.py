"""Renaming and dropping classes by a YAML file of `old name: new name` lines."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError, UsageError
from centernet_cli.core.safe_io import read_bytes
from centernet_cli.core.strict_yaml import Problem, decode, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.tally import Tally


def read_class_map(path: Path) -> dict[str, str]:
    """Read a class map: a YAML mapping of names to names; an empty new name (`""`, `null`) drops the class.

    Raises:
        UsageError: U303 cannot be read, or is no mapping of texts; R3xx not the YAML we take. With line and column.
    """
    try:
        text = decode(read_bytes(path))
    except InputError as error:
        raise UsageError("U303", error.message, path=path) from error
    if isinstance(text, Problem):
        raise _usage(text, path)
    document = parse(text)
    if document.problems:
        raise _usage(document.problems[0], path)
    if not isinstance(document.data, dict):
        hint = "lines such as `old name: new name`"
        raise UsageError("U303", "a class map is a mapping of names", path=path, line=1, col=1, hint=hint)
    mapping: dict[str, str] = {}
    for old, new in document.data.items():
        if new is not None and not isinstance(new, str):
            line, col = document.marks[(old,)]
            message = f"the new name of '{old}' is not a text"
            raise UsageError("U303", message, path=path, line=line, col=col, hint="put it in quotes")
        mapping[old] = new or ""
    return mapping


def _usage(problem: Problem, path: Path) -> UsageError:
    return UsageError(problem.code, problem.message, path=path, line=problem.line, col=problem.col, hint=problem.hint)


def apply_class_map(dataset: Dataset, mapping: Mapping[str, str], tally: Tally) -> Dataset:
    """Rename classes; drop those whose new name is empty, counting their shapes in `tally`. Others stay as they are."""
    names = {name: mapping.get(name, name) for name in dataset.classes}
    tally.drop_labels((name for name, new in names.items() if not new), "by the class map")
    tally.rename_labels({name: new for name, new in names.items() if new})
    pages = tuple(
        replace(
            page,
            annotations=tuple(
                annotation if names[annotation.label] == annotation.label else replace(annotation, label=new)
                for annotation in page.annotations
                if (new := names[annotation.label])
            ),
        )
        for page in dataset.pages
    )
    return replace(dataset, classes=tuple(dict.fromkeys(filter(None, names.values()))), pages=pages)


def unused_names(classes: Collection[str], mapping: Mapping[str, str]) -> list[str]:
    """Return a sentence for each name in a class map that is none of the classes: most likely a slip."""
    sentences = []
    for name in mapping:
        if name not in classes:
            close = difflib.get_close_matches(name, classes, n=1)
            sentences.append(f"no class '{name}' here" + (f", did you mean '{close[0]}'?" if close else ""))
    return sentences
