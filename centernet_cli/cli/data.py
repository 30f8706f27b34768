"""`centernet data`: make annotated pages, and learn what is in a dataset."""

from __future__ import annotations

import typer

from centernet_cli.cli.data_synth import synth

app = typer.Typer(
    help="Make annotated pages.\n\nExamples:\n    centernet data synth --out pages --kind form,receipt --count 200"
)


@app.callback()
def _data() -> None:
    """Keep `synth` a command of its own, though it is the only one so far."""


app.command("synth")(synth)
