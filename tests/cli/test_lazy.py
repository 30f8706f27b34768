from __future__ import annotations

from centernet_cli.cli.lazy import build, build_group, help_text

DOC = """Do it.

    More words
    about it.

    Examples:
        centernet do a
        centernet do b  # twice

        centernet do c

    Args:
        what: The thing.

            Indented on.

    Returns:
        Nothing.

    Last words.
    """


def test_help_has_examples_first_and_no_developer_sections():
    assert help_text(DOC) == (
        "Do it.\n\n"
        "\b\n  centernet do a\n  centernet do b  # twice\n\n"
        "\b\n  centernet do c\n\n"
        "More words\nabout it.\n\n"
        "Last words."
    )


def test_help_of_nothing():
    assert help_text(None) == ""
    assert help_text("One line.") == "One line."


def test_a_command_keeps_its_own_quiet_option():
    def probe(*, quiet: bool = False) -> None:
        """Probe."""

    names = [param.name for param in build(probe, "probe").params]
    assert names.count("quiet") == 1
    assert "verbose" in names


def test_a_group_names_its_commands():
    import typer

    app = typer.Typer(help="Things.")

    @app.command()
    def do_it() -> None:
        """Do it."""

    @app.command("other", hidden=True)
    def _other() -> None:
        """Do something else."""

    group = build_group(app, "things")
    assert set(group.commands) == {"do-it", "other"}
    assert group.commands["other"].hidden
