"""What is wrong with a recipe, in words: pydantic's findings with key names, suggestions and hints."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from centernet_cli.core.recipe import Recipe
from centernet_cli.core.strict_yaml import KeyPath, core_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails


class Finding:
    """One thing wrong with a value: `at` is the key path whose line should be shown."""

    __slots__ = ("at", "code", "hint", "message")

    def __init__(self, at: KeyPath, code: str, message: str, hint: str | None = None) -> None:
        self.at, self.code, self.message, self.hint = at, code, message, hint


def dotted(path: KeyPath) -> str:
    """Write a key path as in `--set`: `data.train.0.path`."""
    return ".".join(str(part) for part in path)


def validate(data: Mapping[str, object]) -> Recipe | list[Finding]:
    """Check plain values against `Recipe`; all findings at once."""
    try:
        # JSON strictness is what recipes need: lists become tuples, but '50' is no number.
        return Recipe.model_validate_json(json.dumps(data))
    except ValidationError as error:
        findings = [_finding(details) for details in error.errors(include_url=False)]
        # A list whose items are all wrong is called too short as well: that says nothing new.
        inner = {finding.at[:length] for finding in findings for length in range(len(finding.at))}
        return [finding for finding in findings if finding.at not in inner]


def section_at(path: KeyPath) -> type[BaseModel] | None:
    """Return the pydantic model of the section at `path`, None where there is none."""
    model: type[BaseModel] | None = Recipe
    for part in path:
        if model is None:
            return None
        if isinstance(part, int):
            continue  # items of a list have the type found at the list
        field = model.model_fields.get(part)
        model = next(_models(field.annotation), None) if field is not None else None
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def suggest(word: str, known: list[str]) -> str | None:
    """Return a hint that names the word of `known` most like `word`."""
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else None


def unknown_key(path: KeyPath) -> Finding:
    """Describe a key that no section has, and where it may belong."""
    name, parent = str(path[-1]), path[:-1]
    section = section_at(parent)
    known = sorted(section.model_fields) if section else []
    hint = suggest(name, known)
    if hint is None:
        homes = [
            f"{key}.{name}" for key in Recipe.model_fields if name in getattr(section_at((key,)), "model_fields", {})
        ]
        if homes:
            hint = f"did you mean '{homes[0]}'?"
        elif known:
            hint = f"known here: {', '.join(known)}"
    return Finding(path, "R310", f"{dotted(path)}: unknown key", hint)


def _finding(details: ErrorDetails) -> Finding:
    path: KeyPath = tuple(part for part in details["loc"] if part != "[key]")
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        return unknown_key(path)
    if kind == "missing":
        return Finding(path, "R312", f"{dotted(path)}: missing")
    name = dotted(path) or "recipe"
    if kind == "value_error":
        return Finding(path, "R311", f"{name}: {details['msg'].removeprefix('Value error, ')}")
    message = _in_words(details)
    hint = None
    if kind == "literal_error" and isinstance(value, str):
        hint = suggest(value, details["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", "))
    elif isinstance(value, str) and not isinstance(core_scalar(value), str):
        hint = "without quotes?"
    return Finding(path, "R311", f"{name}: {message}, got {_shown(value)}", hint)


def _in_words(details: ErrorDetails) -> str:
    """Return pydantic's message in the words of a recipe."""
    limits = details.get("ctx", {})
    if details["type"] == "too_long":
        return f"must have at most {limits['max_length']} items"
    if details["type"] == "too_short":
        return f"must have at least {limits['min_length']} items"
    message = details["msg"].replace("Input should be", "must be").replace("should", "must")
    for theirs, ours in (("an object", "a section with keys"), ("array", "list"), ("tuple", "list")):
        message = message.replace(theirs, ours)
    return message[:1].lower() + message[1:]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
