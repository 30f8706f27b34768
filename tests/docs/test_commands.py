"""Every command has help with an example at the start, and is shown in the documents."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from centernet_cli.cli import COMMANDS, app, main
from centernet_cli.cli.lazy import load

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def written(name):
    """Say whether the module of a command is there yet."""
    return importlib.util.find_spec(COMMANDS[name].target.partition(":")[0]) is not None


def paths():
    """Yield the words of every command and subcommand."""
    for name, entry in COMMANDS.items():
        if entry.hidden or not written(name):
            continue
        command = load(entry, name)
        yield (name,)
        yield from ((name, inner) for inner, found in getattr(command, "commands", {}).items() if not found.hidden)


def test_every_command_of_the_table_exists():
    assert [name for name in COMMANDS if not written(name)] == []


@pytest.mark.parametrize("words", list(paths()), ids=" ".join)
def test_help_starts_with_a_purpose_and_an_example(words, capsys):
    assert main([*words, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"Usage: centernet {' '.join(words)}")
    assert re.fullmatch(r"  \S.*", lines[2]), "one line of purpose"
    blank = lines.index("", 2)
    assert "centernet " in lines[blank + 1], "an example right after the purpose"
    assert lines[blank + 1].startswith("    ")
    assert "Args:" not in "\n".join(lines)
    assert "Raises:" not in "\n".join(lines)


@pytest.mark.parametrize("words", list(paths()), ids=" ".join)
def test_every_option_has_help(words):
    command: Any = load(COMMANDS[words[0]], words[0])
    for word in words[1:]:
        command = command.commands[word]
    assert [param.name for param in command.params if not getattr(param, "help", None)] == []


@pytest.mark.parametrize("words", list(paths()), ids=" ".join)
def test_every_command_is_in_the_documents(words):
    assert any(f"centernet {' '.join(words)}" in path.read_text(encoding="utf-8") for path in DOCS)


def examples():
    for path in DOCS:
        for line in path.read_text(encoding="utf-8").splitlines():
            match = re.match(r"^(?:    |\$ )?(?:.*&& |.*\| )?(?:uv run )?(centernet [a-z].*)$", line)
            if match:
                yield pytest.param(match.group(1).partition("  #")[0], id=f"{path.name}: {match.group(1)[:60]}")


@pytest.mark.parametrize("line", list(examples()))
def test_options_in_examples_exist(line):
    words = line.split()[1:]
    group = typer.main.get_command(app)
    assert words[0] in COMMANDS, line
    if not written(words[0]):
        pytest.skip("not written yet")
    command: Any = load(COMMANDS[words[0]], words[0])
    if hasattr(command, "commands") and len(words) > 1:
        assert words[1] in command.commands, line
        command = command.commands[words[1]]
    known = {option for param in [*command.params, *group.params] for option in param.opts} | {"--help", "-h"}
    used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert used <= known, line
