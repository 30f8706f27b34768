"""Made-up text."""

from __future__ import annotations

from random import Random

from centernet_cli.datasets.synth.words import folio


def test_page_numbers_stand_alone_or_between_marks() -> None:
    shown = {folio(Random(seed), 165) for seed in range(300)}
    assert {"165", "— 165 —", "[165]", ". 165 ."} <= shown
    assert all("165" in text for text in shown)
