"""The shell around the commands: help without heavy imports, exit codes, streams, signals."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import types

import pytest
import typer

from centernet_cli import __version__, cli
from centernet_cli.cli import COMMANDS, console, main
from centernet_cli.cli.lazy import Entry
from centernet_cli.core.errors import CenterNetError, ExitCode, GateError, InputError, RecipeError

HEAVY = {
    "torch",
    "torchvision",
    "cv2",
    "pycocotools",
    "numpy",
    "PIL",
    "pydantic",
    "yaml",
    "rich",
    "pypdfium2",
    "shapely",
}


@pytest.fixture
def command(monkeypatch):
    """Return a function that installs its argument as the command `probe`."""

    def install(function):
        module = types.ModuleType("centernet_probe")
        module.probe = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "centernet_probe", module)
        monkeypatch.setitem(COMMANDS, "probe", Entry("centernet_probe:probe", "Probe."))

    return install


def run(*argv, **options):
    return subprocess.run([sys.executable, "-m", "centernet_cli", *argv], capture_output=True, text=True, **options)


@pytest.mark.parametrize("argv", [("--help",), ("-h",), ("--version",), ()])
def test_help_imports_nothing_heavy(argv):
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "centernet_cli", *argv], capture_output=True, text=True
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in result.stderr.splitlines()}
    assert "typer" in imported
    assert imported & HEAVY == set()
    assert result.returncode == (0 if argv else ExitCode.USAGE)


@pytest.mark.parametrize(
    "name", [name for name, entry in COMMANDS.items() if importlib.util.find_spec(entry.target.partition(":")[0])]
)
def test_help_of_a_command_needs_no_heavy_library(name):
    code = (
        "import sys; from centernet_cli.cli import main; code = main([sys.argv[1], '--help']);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    result = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert not set(result.stderr.split()) & {"torch", "torchvision", "cv2", "pycocotools"}
    assert result.stdout.startswith("Usage: centernet")


def test_help_lists_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name, entry in COMMANDS.items():
        assert (f"  {name} " in out) != entry.hidden


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"centernet {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--nope"], "centernet: U201 No such option: --nope (see 'centernet --help')"),
        (["predcit"], "No such command 'predcit'. Did you mean 'predict'"),
        (
            ["models", "show"],
            "centernet models show: U201 Missing argument 'model' (see 'centernet models show --help')",
        ),
        (["recipe", "lst"], "Did you mean 'list'?"),
    ],
)
def test_usage_errors_are_one_line_on_stderr(argv, words, capsys):
    assert main(argv) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert words in captured.err


def test_a_bare_group_shows_its_help(capsys):
    assert main(["models"]) == ExitCode.USAGE
    assert capsys.readouterr().out.startswith("Usage: centernet models")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError("I101", "image is truncated", path="a.png"), ExitCode.INPUT, "a.png: I101 image is truncated\n"),
        (GateError("G1", "too low"), ExitCode.GATE, "G1 too low\n"),
        (RecipeError("R1", "one", others=[RecipeError("R2", "two")]), ExitCode.RECIPE, "R1 one\nR2 two\n"),
        (typer.Exit(5), ExitCode.PARTIAL, ""),
        (typer.BadParameter("no"), ExitCode.USAGE, "U201 Invalid value: no"),
        (ZeroDivisionError("by zero"), ExitCode.INTERNAL, "B101 internal error: ZeroDivisionError: by zero (a bug"),
        (OSError(28, "No space left on device", "x.json"), ExitCode.OUTPUT, "x.json: O800 cannot write: No space left"),
        (ModuleNotFoundError("No module named 'cv2'", name="cv2"), ExitCode.ENVIRONMENT, "E712 cannot load cv2: "),
        (ModuleNotFoundError("gone", name="centernet_cli.x"), ExitCode.INTERNAL, "B101 internal error"),
        (KeyboardInterrupt(), ExitCode.SIGINT, "interrupted\n"),
        (BrokenPipeError(), ExitCode.OK, ""),
    ],
)
def test_every_exception_becomes_an_exit_code(command, capsys, monkeypatch, error, code, words):
    monkeypatch.setattr(cli, "_drop_stdout", lambda: None)  # stdout is pytest's

    def probe():
        raise error

    command(probe)
    assert main(["probe"]) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(words) or words in captured.err
    assert "Traceback" not in captured.err


def test_traceback_with_vv(command, capsys):
    def probe():
        raise CenterNetError("B1", "told")

    command(probe)
    assert main(["probe", "-vv"]) == ExitCode.INTERNAL
    assert "Traceback" in capsys.readouterr().err
    assert main(["-vv", "probe"]) == ExitCode.INTERNAL
    assert "Traceback" in capsys.readouterr().err


def test_a_number_returned_by_a_command_is_the_exit_code(command):
    command(lambda: ExitCode.PARTIAL)
    assert main(["probe"]) == ExitCode.PARTIAL


@pytest.mark.parametrize(
    ("argv", "level"),
    [
        ([], console.NORMAL),
        (["-q"], console.QUIET),
        (["--quiet"], console.QUIET),
        (["-v"], console.VERBOSE),
        (["-vv"], console.DEBUG),
        (["-v", "-v"], console.DEBUG),
        (["-vvv"], console.DEBUG),
    ],
)
def test_verbosity_before_and_after_the_command(command, argv, level):
    seen = []
    command(lambda: seen.append(console.verbosity()))
    assert main(["probe", *argv]) == 0
    assert main([*argv, "probe"]) == 0
    assert seen == [level, level]


def test_the_reader_of_a_pipe_may_leave():
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "centernet_cli", "recipe", "schema"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    os.close(reader)
    _, err = process.communicate()
    assert process.returncode == 0
    assert err == ""


@pytest.mark.parametrize("redirection", ["2>&-", ">&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams(redirection):
    result = subprocess.run(f"{sys.executable} -m centernet_cli --version {redirection}", shell=True)  # noqa: S602
    assert result.returncode == 0


def test_output_that_cannot_be_written_is_an_error():
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("needs /dev/full")
    result = subprocess.run(f"{sys.executable} -m centernet_cli --version >/dev/full", shell=True)  # noqa: S602
    assert result.returncode == ExitCode.OUTPUT


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, ExitCode.SIGTERM), (signal.SIGINT, ExitCode.SIGINT)])
def test_signals(number, code):
    program = (
        "import sys, time, types\n"
        "from centernet_cli.cli import COMMANDS, main; from centernet_cli.cli.lazy import Entry\n"
        "def probe():\n"
        "    try:\n"
        "        print('ready', flush=True)\n"
        # A signal that comes just before a sleep is seen after it: short ones, then.
        "        for _ in range(600): time.sleep(0.1)\n"
        "    finally:\n"
        "        print('cleaned', flush=True)\n"
        "module = types.ModuleType('centernet_probe'); module.probe = probe; sys.modules['centernet_probe'] = module\n"
        "COMMANDS['probe'] = Entry('centernet_probe:probe', 'Probe.')\n"
        "sys.exit(main(['probe']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert out == "cleaned\n"
    assert "Traceback" not in err


def test_no_colour_codes_without_a_terminal():
    result = run("models", "nope", env={**os.environ, "TERM": "xterm-256color"})
    assert "\x1b" not in result.stdout + result.stderr


def test_completion_is_offered():
    result = run(
        env={**os.environ, "_CENTERNET_COMPLETE": "complete_bash", "COMP_WORDS": "centernet mod", "COMP_CWORD": "1"}
    )
    assert result.stdout.split() == ["models"]
