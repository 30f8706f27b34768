"""`centernet data`: make annotated pages, and learn what is in a dataset."""

from __future__ import annotations

import typer

from centernet_cli.cli.data_check import check
from centernet_cli.cli.data_merge import merge
from centernet_cli.cli.data_preview import preview
from centernet_cli.cli.data_sample import sample
from centernet_cli.cli.data_split import split
from centernet_cli.cli.data_stats import stats
from centernet_cli.cli.data_synth import synth

app = typer.Typer(
    help="Look into datasets, mend them, and make new ones.\n\nExamples:\n"
    "    centernet data check train.json val.json\n"
    "    centernet data stats train.json --report stats.html\n"
    "    centernet data preview train.json --recipe lines\n"
    "    centernet data split annotations.json --out split\n"
    "    centernet data synth --out pages --kind form,receipt --count 200"
)
app.command("check")(check)
app.command("stats")(stats)
app.command("preview")(preview)
app.command("split")(split)
app.command("merge")(merge)
app.command("sample")(sample)
app.command("synth")(synth)
