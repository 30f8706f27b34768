from __future__ import annotations

from pathlib import Path

import pytest
import reportlab

from centernet_cli.datasets.synth.fonts import FontBook


@pytest.fixture(scope="session")
def vera() -> FontBook:
    """The four fonts that come with reportlab: the same on every machine."""
    return FontBook([Path(reportlab.__file__).parent / "fonts"])
