from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from centernet_cli.cli import console
from centernet_cli.core.errors import InputError


@pytest.fixture(autouse=True)
def _normal():
    console.reset_verbosity()
    yield
    console.reset_verbosity()


def test_notices_go_to_stderr_and_data_to_stdout(capsys):
    console.say("hello")
    console.warn("careful")
    console.say("details", console.VERBOSE)
    console.write("data")
    captured = capsys.readouterr()
    assert captured.err == "hello\nwarning: careful\n"
    assert captured.out == "data\n"


def test_quiet_leaves_errors(capsys):
    console.quieten(True)
    console.say("hello")
    console.warn("careful")
    console.problem(InputError("I101", "broken", path="a[b].png"))
    assert capsys.readouterr().err == "a[b].png: I101 broken\n"


def test_quiet_and_verbose_together_is_verbose():
    console.quieten(True)
    console.raise_verbosity(2)
    assert console.verbosity() == console.DEBUG


def test_json_is_one_strict_line(capsys):
    console.write_json({"name": "caf\udce9", "value": 1.5})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"name": "caf\udce9", "value": 1.5}
    with pytest.raises(ValueError, match="not JSON compliant"):
        console.write_json(float("nan"))


def test_consoles_take_text_literally(capsys):
    console.out.print("[bold]x[/bold] :smile: " + "long " * 40 + "end")
    assert capsys.readouterr().out == "[bold]x[/bold] :smile: " + "long " * 40 + "end\n"


def test_progress_without_a_terminal_is_a_plain_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(console, "PLAIN_SECONDS", 0.0)
    with console.progress("Reading", total=4) as task:
        task.advance(3, note="loss 0.5")
    line = capsys.readouterr().err
    assert line.startswith("Reading: 3/4 pages, ")
    assert line.endswith(" left, loss 0.5\n")


def test_progress_is_silent_when_quiet_or_early(capsys, monkeypatch):
    with console.progress("Reading") as task:
        task.advance()
    monkeypatch.setattr(console, "PLAIN_SECONDS", 0.0)
    console.quieten(True)
    with console.progress("Reading") as task:
        task.advance()
    assert capsys.readouterr().err == ""
    assert task.done == 1


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0s"), (42, "42s"), (185, "3m05s"), (7800, "2h10m")])
def test_duration(seconds, text):
    assert console.duration(seconds) == text


def test_a_narrow_terminal_cuts_the_note_and_nothing_else(monkeypatch):
    text = io.StringIO()
    screen = Console(file=text, width=80, force_terminal=True, color_system=None, legacy_windows=False)
    monkeypatch.setattr(console.err, "_console", screen)
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setenv("TERM", "xterm")
    with console.progress("epoch 4/20", total=8, unit="batches") as task:
        task.advance(2, "12m05s to the end, loss 4.605 heatmap 2.968 giou 0.327 " + "size 0.5 " * 9)
        assert task._bar is not None
        task._bar.refresh()
        shown = text.getvalue()
    last = shown.splitlines()[-1].rstrip()
    assert "2/8" in last
    assert "0:00:0" in last
    assert "12m05s to the end, loss" in last
    assert last.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert last.count("\N{HORIZONTAL ELLIPSIS}") == 1
