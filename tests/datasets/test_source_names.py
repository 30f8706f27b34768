"""Names of datasets: short, and never the same for two."""

from __future__ import annotations

from pathlib import Path

import pytest

from centernet_cli.datasets.source_names import source_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/data/letters"], ["letters"]),
        (["/data/letters/annotations.json", "/data/forms.json"], ["letters", "forms"]),
        (["/a/lines", "/b/lines", "/b/cards"], ["a/lines", "b/lines", "cards"]),
        (["/x/a/lines", "/y/a/lines", "/y/b/lines"], ["x/a/lines", "y/a/lines", "b/lines"]),
        (["/a/lines", "/b/lines", "/a/lines"], ["a/lines", "b/lines", "a/lines"]),
        (["/lines", "/a/lines"], ["//lines", "a/lines"]),
        (["/d/letters.json", "/d/letters"], ["letters.json", "letters"]),
        (["/d/v1.2", "/d/v1.3"], ["v1.2", "v1.3"]),
    ],
)
def test_names(paths, names):
    assert source_names([Path(path) for path in paths]) == names
