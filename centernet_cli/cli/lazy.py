"""Commands that are imported when they are called, so that `centernet --help` stays fast.

The table of commands is static: `centernet --help` needs only names and one line each. A command's module is
imported when the command runs, is asked for its own help, or completes its options in a shell.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from centernet_cli.cli import console

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPE_NAME = re.compile(r"<(?:list\[)?([a-z ]+)\]?>")
_TYPE_NAMES = {"int": "N", "int range": "N", "float": "X", "float range": "X", "str": "TEXT", "path": "PATH"}
HELP_NAMES: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives: `module:attribute`, a function or a `typer.Typer` with commands of its own."""

    target: str
    help: str
    hidden: bool = False


def help_text(docstring: str | None) -> str:
    r"""Turn a Google docstring into help: first line, examples as written, the rest; no `Args:` or `Raises:`.

    Lines under `Examples:` keep their breaks. Other text is wrapped by the formatter unless it starts with `\b`.
    """
    if not docstring:
        return ""
    first, _, rest = inspect.cleandoc(docstring).partition("\n")
    parts = re.split(r"^(Args|Raises|Returns|Examples?):[^\S\n]*$", rest, flags=re.MULTILINE)
    texts, examples = [parts[0].strip()], ""
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        inside = re.match(r"(?:[^\S\n]*\n|[^\S\n]+.*\n?)*", body)
        block = inside.group(0) if inside else ""
        if title.startswith("Example"):
            examples = inspect.cleandoc("\n" + block)
        texts.append(body[len(block) :].strip())
    if examples:
        blocks = (part.split("\n") for part in examples.split("\n\n"))
        shown = "\n\n".join("\n".join(["\b", *(f"  {line}" for line in block)]) for block in blocks)
        texts.insert(0, shown)
    return "\n\n".join([first.strip(), *(text for text in texts if text)])


class Command(TyperCommand):
    """A command whose options are listed in groups (`rich_help_panel`), in plain text.

    Typer's coloured help costs a quarter of a second of imports.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            default = "Options" if isinstance(param, TyperOption) else "Arguments"
            names = _TYPE_NAME.sub(lambda match: _TYPE_NAMES.get(match.group(1), match.group(0)), record[0])
            groups.setdefault(getattr(param, "rich_help_panel", None) or default, []).append((names, record[1]))
        for title in sorted(groups, key=lambda title: (title != "Arguments", title == "Options")):
            with formatter.section(title):
                formatter.write_dl(groups[title])


def _shared(
    quiet: bool = typer.Option(
        False, "--quiet", "-q", help="Say nothing but errors.", expose_value=False, callback=console.quieten
    ),
    verbose: int = typer.Option(
        0,
        "--verbose",
        "-v",
        count=True,
        help="Say more; -vv also shows tracebacks.",
        show_default=False,
        expose_value=False,
        callback=console.raise_verbosity,
    ),
) -> None:
    """Hold the options every command takes."""


def build(function: Callable[..., Any], name: str, docstring: str | None = None) -> TyperCommand:
    """Make a command of a function, with the function's own docstring as help if no other is given.

    Options `-q` and `-v` are added where the function has none of that name.
    """
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name, cls=Command, help=help_text(docstring or function.__doc__), context_settings=HELP_NAMES)(
        function
    )
    shared = typer.Typer(add_completion=False, rich_markup_mode=None)
    shared.command()(_shared)
    command = typer.main.get_command(single)
    assert isinstance(command, TyperCommand)
    names = {param.name for param in command.params}
    command.params.extend(param for param in typer.main.get_command(shared).params if param.name not in names)
    return command


def build_group(app: typer.Typer, name: str) -> TyperGroup:
    """Make a group of a `typer.Typer`, its commands built like single ones."""
    group = typer.main.get_group(app)
    group.name = name
    group.context_settings = {**HELP_NAMES, **group.context_settings}
    for info in app.registered_commands:
        if info.callback is not None:
            key = info.name or info.callback.__name__.replace("_", "-")
            built = build(info.callback, key, info.help)
            built.hidden = info.hidden
            group.add_command(built, key)
    group.help = help_text(group.help)
    group.no_args_is_help = True
    group.rich_markup_mode = None
    return group


def load(entry: Entry, name: str) -> TyperCommand | TyperGroup:
    """Import the module of `entry` and make its command."""
    module, _, attribute = entry.target.partition(":")
    target = getattr(import_module(module), attribute)
    return build_group(target, name) if isinstance(target, typer.Typer) else build(target, name)


def lazy_group(table: dict[str, Entry]) -> type[TyperGroup]:
    """Return a group class that lists `table` and imports a command when its name is resolved."""

    class LazyGroup(TyperGroup):
        def __init__(self, **attrs: Any) -> None:
            super().__init__(**attrs)
            for name, entry in table.items():
                self.add_command(TyperCommand(name, help=entry.help, hidden=entry.hidden, rich_markup_mode=None))

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
            name, command, rest = super().resolve_command(ctx, args)
            if name is not None and name in table:
                command = load(table[name], name)
            return name, command, rest

    return LazyGroup
