"""The command line: a table of commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from centernet_cli import __version__
from centernet_cli.cli import console
from centernet_cli.cli.lazy import HELP_NAMES, Entry, lazy_group
from centernet_cli.core.errors import (
    CenterNetError,
    ExitCode,
    MissingRequirementError,
    OutputError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType
    from typing import NoReturn

COMMANDS = {
    "predict": Entry("centernet_cli.cli.predict:predict", "Find text lines or regions on pages and write their boxes."),
    "train": Entry("centernet_cli.cli.train:train", "Train a model as a recipe says."),
    "evaluate": Entry("centernet_cli.cli.evaluate:evaluate", "Score a model, or its boxes, against annotated pages."),
    "eval": Entry("centernet_cli.cli.evaluate:evaluate", "Short for evaluate.", hidden=True),
    "convert": Entry("centernet_cli.cli.convert:convert", "Convert annotations from one format to another."),
    "data": Entry("centernet_cli.cli.data:app", "Check, mend and make datasets."),
    "models": Entry("centernet_cli.cli.models:app", "List, describe and pack models."),
    "export": Entry("centernet_cli.cli.export:export", "Write a model as an ONNX, OpenVINO or TorchScript graph."),
    "recipe": Entry("centernet_cli.cli.recipe:app", "List, show, check and begin training recipes."),
    "doctor": Entry("centernet_cli.cli.doctor:doctor", "Tell what this installation can do."),
}

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    context_settings=HELP_NAMES,
    rich_markup_mode=None,  # rich would double the time `--help` takes
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"centernet {__version__}")
        raise typer.Exit


@app.callback(
    help="Find text lines and page regions on scans, photographs and PDFs, and train the detector that does it.\n\n"
    "\b\n"
    "  centernet predict scans/*.pdf --out boxes.json --overlay overlays\n"
    "  centernet predict page.jpg --model regions\n"
    "  centernet train recipes/smoke.yaml\n\n"
    "Each command has its own --help."
)
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Annotated[
        int,
        typer.Option("--verbose", "-v", count=True, show_default=False, help="Say more; -vv also shows tracebacks."),
    ] = 0,
) -> None:
    del version
    console.quieten(quiet)
    console.raise_verbosity(verbose)


@atexit.register
def _skip_last_collection() -> None:
    """Spare the interpreter its search for garbage at the end, which takes as long as a page does."""
    if "torch" not in sys.modules:  # some of its libraries complain of what is left
        gc.freeze()


class _Terminated(BaseException):
    """SIGTERM, as an exception, so that temporary files are removed on the way out."""


def _on_sigterm(_signum: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends the process at once
    raise _Terminated


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; nothing but `SystemExit` of an interpreter shutdown escapes.

    Args:
        argv: Arguments without the program's name; None takes them from the process.
    """
    _open_missing_streams()
    console.reset_verbosity()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _on_sigterm)
    try:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output (`| head`) has what it wanted.
        _drop_stdout()
        return ExitCode.OK
    except _Terminated:
        console.problem("terminated")
        return ExitCode.SIGTERM
    except KeyboardInterrupt:
        return _interrupted()
    return code


def _interrupted() -> int:
    """Say that Ctrl-C ended the command; one that has said more raises SystemExit with this exit code."""
    console.problem("interrupted")
    return ExitCode.SIGINT


def _run(argv: list[str]) -> int:
    """Run one command; every exception but those of `main` becomes lines on stderr and an exit code."""
    try:
        # Called with nothing, the program shows its help, but a script that forgot the command learns of it.
        result: Any = typer.main.get_command(app).main(argv or ["--help"], prog_name="centernet", standalone_mode=False)
    except SystemExit as error:
        # Typer turns a broken pipe into exit 1; `main` knows better.
        cause = error.__context__
        if isinstance(cause, OSError) and cause.errno == errno.EPIPE:
            raise BrokenPipeError from error
        return error.code if isinstance(error.code, int) else ExitCode.INTERNAL
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - this is the boundary
        return _explain(error)
    if not argv:
        return ExitCode.USAGE
    if result == ExitCode.SIGINT:  # what typer makes of a KeyboardInterrupt
        return _interrupted()
    return int(result) if isinstance(result, int) else ExitCode.OK


def _explain(error: Exception) -> int:
    """Print what went wrong and return the exit code."""
    if isinstance(error, CenterNetError):
        return _report(error)
    if isinstance(error, TyperException):
        return _report_usage(error)
    if isinstance(error, typer.Abort):
        return _interrupted()
    if isinstance(error, ImportError):
        return _report_import(error)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EROFS, errno.EDQUOT}:
        return _report(OutputError("O800", f"cannot write: {error.strerror}", path=error.filename), error)
    return _report_bug(error)


def _report(error: CenterNetError, cause: BaseException | None = None) -> int:
    for line in error.lines():
        console.problem(line)
    console.show_traceback(cause or error)
    return error.exit_code


def _report_usage(error: TyperException) -> int:
    """Print a usage error on one line; a bare group (`centernet models`) shows its help instead."""
    ctx = getattr(error, "ctx", None)
    message = error.format_message()
    if ctx is not None and message.startswith("Usage:"):
        typer.echo(message)
        return ExitCode.USAGE
    command = ctx.command_path if ctx is not None else "centernet"
    message = " ".join(message.split()).rstrip(".")
    return _report(UsageError("U201", message, path=command, hint=f"see '{command} --help'"))


def _report_import(error: ImportError) -> int:
    """Print that a library is missing or cannot be loaded; if it is a module of ours, that's a bug."""
    name = (error.name or "").partition(".")[0]
    if name == "centernet_cli":
        return _report_bug(error)
    what = f"cannot load {name}: {error}" if name else f"cannot load a library: {error}"
    hint = "install the program again; 'centernet doctor' lists what is there"
    return _report(MissingRequirementError("E712", what, hint=hint), error)


def _report_bug(error: BaseException) -> int:
    hint = None if console.verbosity() >= console.DEBUG else "a bug in centernet; -vv shows where"
    return _report(CenterNetError("B101", f"internal error: {type(error).__name__}: {error}", hint=hint), error)


def _open_missing_streams() -> None:
    """Give a process started without stdin, stdout or stderr ones that lead nowhere."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # os.open returns the lowest free number, which is this one.
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - lives as long as we do
        elif hasattr(stream, "reconfigure"):
            # File names need not be valid Unicode.
            stream.reconfigure(errors="backslashreplace")


def _drop_stdout() -> None:
    """Point stdout nowhere, so that the interpreter's last flush doesn't complain."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
