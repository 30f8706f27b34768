"""Other scripts: shaped, from right to left, without spaces, downwards; boxes as tight as elsewhere."""

from __future__ import annotations

import random

import numpy as np
import pytest

from centernet_cli.datasets.synth.context import Context
from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.fonts import FontBook, default_book
from centernet_cli.datasets.synth.generate import make_page, make_sheet
from centernet_cli.datasets.synth.hand import turned_text
from centernet_cli.datasets.synth.kinds.vertical import make_vertical
from centernet_cli.datasets.synth.languages import LANGUAGES, OTHER_SCRIPTS, RIGHT_TO_LEFT, SOLID, alphabet, script_of
from centernet_cli.datasets.synth.raster import draw
from centernet_cli.datasets.synth.scripts import can_shape, script_families

OTHERS = [language for language in LANGUAGES if script_of(language) in OTHER_SCRIPTS]


def families(language: str):
    found = default_book().script(script_of(language))
    if not found:
        pytest.skip(f"no fonts for {language}")
    return found


def face_of(language: str):
    return families(language)[0].regular


def test_every_other_script_has_a_language():
    assert {script_of(language) for language in OTHERS} == OTHER_SCRIPTS
    assert RIGHT_TO_LEFT | SOLID < OTHER_SCRIPTS


def test_without_fonts_the_page_is_english(vera):
    context = Context(random.Random(0), vera)
    assert all(vera.script(script) == [] for script in OTHER_SCRIPTS - {"arabic", "hebrew"})
    context.rng = random.Random(3)
    assert {context._language() for _ in range(300)}.isdisjoint({"zh", "ja", "ko", "hi"})


def test_without_raqm_there_are_no_families(monkeypatch, vera):
    families("ja")
    monkeypatch.setattr("centernet_cli.datasets.synth.scripts.features.check", lambda _: False)
    assert not can_shape()
    latin = vera.families[0].regular
    assert script_families(default_book()._paths, "kana", alphabet("ja"), latin, solid=True) == []


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("scale", [1.3, 3.0])
def test_a_drawn_line_fills_its_box(language, scale):
    face = face_of(language)
    words = alphabet(language)[:6] + " " + alphabet(language)[6:9] + " 1987"
    sheet = Sheet(700, 160)
    sheet.text(60, 90, words, face, 24)
    dark = draw(sheet, scale).min(axis=2) < 190
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    drawn = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    assert np.abs(drawn - np.array(sheet.lines[0]) * scale).max() <= 1.8


def test_arabic_letters_join():
    face = face_of("ar")
    joined = face.drawn("بب")[0]
    assert joined < 2 * face.drawn("ب")[0] - 0.05


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_solid_scripts_have_no_spaces(language):
    face = face_of(language)
    first, second = alphabet(language)[0], alphabet(language)[1]
    assert face.width(f"{first} {second}") == pytest.approx(face.width(first) + face.width(second), abs=0.001)


def test_what_the_font_lacks_is_set_in_latin_or_left_out():
    face = face_of("hi")
    assert face.drawn("Latin")[1] is not None
    assert face.drawn("\U0010fffd")[1] is None
    assert face.width("सर \U0010fffd") == pytest.approx(face.width("सर") + face.gap())


@pytest.mark.parametrize("language", ["ar", "he"])
def test_right_to_left_pages_begin_on_the_right(language):
    families(language)
    gaps = []
    for seed in range(8):
        sheet = make_sheet("book", seed, languages=[language])
        for label, (x0, y0, x1, y1) in sheet.regions:
            inside = [box for box in sheet.lines if x0 <= box[0] and box[2] <= x1 and y0 <= box[1] and box[3] <= y1]
            if label == "text" and len(inside) > 3:
                last = max(inside, key=lambda box: box[3])
                gaps.append((last[0] - x0) - (x1 - last[2]))
    # The last lines of paragraphs are short: what they leave is on the left.
    assert gaps
    assert np.mean(gaps) > 5


def test_mirroring_twice_changes_nothing(vera):
    sheet = make_sheet("report", 5, book=vera)
    before = draw(sheet, 1.0)
    lines = list(sheet.lines)
    sheet.mirror()
    assert not np.array_equal(draw(sheet, 1.0), before)
    sheet.mirror()
    assert np.array(sheet.lines) == pytest.approx(np.array(lines))
    assert np.abs(draw(sheet, 1.0).astype(int) - before).mean() < 0.5


def test_turned_words_stand_upright():
    mask, width, height = turned_text("علوم الحاسب", face_of("ar"), quarter=1)
    assert mask.shape[0] > mask.shape[1]
    assert height > width


def test_vertical_columns_are_lines():
    families("ja")
    sheet = make_vertical(Context(random.Random(1), default_book(), language="ja"))
    boxes = np.array([box for box in sheet.lines if box[3] - box[1] > 60])
    assert len(boxes) > 10
    assert ((boxes[:, 3] - boxes[:, 1]) > 2 * (boxes[:, 2] - boxes[:, 0])).all()
    text = np.array([box for box in boxes if box[2] - box[0] < 40])
    assert text[0, 0] > text[-1, 0] or text[-1, 1] > text[0, 3]


@pytest.mark.parametrize("language", OTHERS)
def test_pages_of_every_language(language):
    families(language)
    for kind in ("report", "form"):
        page = make_page(kind, 2, long_side=400, languages=[language])
        again = make_page(kind, 2, long_side=400, languages=[language])
        assert page.facts["language"] == language
        assert page.lines == again.lines
        assert np.array_equal(page.pixels, again.pixels)
        height, width = page.pixels.shape[:2]
        assert all(0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height for box, _ in page.lines)


def test_the_book_remembers_its_scripts(tmp_path):
    book = FontBook([tmp_path])
    assert book.script("han") is book.script("han")
