from __future__ import annotations

import random

import pytest

from centernet_cli.datasets.synth import fonts
from centernet_cli.datasets.synth.fonts import BASIC, FontBook, font_folders


def test_families_with_bold_and_italic(vera):
    family = vera.named("Bitstream Vera Sans")
    assert len({family.regular.path, family.bold.path, family.italic.path}) == 3
    assert family.role == "sans"
    assert vera.summary() == {"sans": 1}


def test_covers_tells_missing_letters(vera):
    face = vera.families[0].regular
    assert face.covers(BASIC + "éü")
    assert not face.covers("漢")


def test_a_font_without_the_letters_is_a_last_resort(vera):
    assert vera.pick(random.Random(0), ["serif"], "Ωж") in vera.families


def test_without_any_font_there_is_one(tmp_path):
    book = FontBook([tmp_path])
    assert book.families[0].regular.covers(BASIC)


def test_folders_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("CENTERNET_FONTS", str(tmp_path))
    assert font_folders() == [tmp_path]


def test_words_are_as_wide_as_their_letters(vera):
    face = vera.families[0].regular
    assert face.width("lines") == pytest.approx(sum(face.width(char) for char in "lines"))
    assert face.advances("ab") == [0.0, face.width("a")]


def test_ink_is_tight(vera):
    _, (x0, y0, x1, y1) = vera.families[0].regular.measure("x")
    assert 0 < x0 < x1 < vera.families[0].regular.width("x")
    assert -0.6 < y0 < -0.5
    assert abs(y1) < 0.01


@pytest.mark.parametrize(
    ("name", "role"), [("CMU Sans Serif", "sans"), ("CMU Serif", "serif"), ("Noto Serif", "serif"), ("Lato", "sans")]
)
def test_roles_are_told_by_names(name, role):
    assert fonts._role(name) == role
