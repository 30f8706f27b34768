from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from centernet_cli.core.records import Box
from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.languages import LANGUAGES, OTHER_SCRIPTS, alphabet, script_of
from centernet_cli.datasets.synth.typeset import Frame, Style, break_line, join_pieces, set_paragraph
from centernet_cli.datasets.synth.words import Words

WORDS = st.lists(st.text("abcdefghijklm", min_size=1, max_size=18), min_size=1, max_size=30)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, width=st.floats(20, 300), hyphens=st.booleans())
def test_breaking_keeps_every_letter_and_ends(vera, words, width, hyphens):
    face, rest = vera.families[0].regular, list(words)
    lines: list[list[str]] = []
    while rest:
        taken, rest = break_line(rest, face, 10.0, width, 3.0, hyphens=hyphens)
        assert taken
        lines.append(taken)
    assert "".join(word.removesuffix("-") for line in lines for word in line) == "".join(words)


def test_justified_lines_end_at_the_margin(vera):
    face = vera.families[0].regular
    sheet = Sheet(400, 400)
    boxes: list[Box] = []
    words = Words(random.Random(1), "en").paragraph(80, 80)
    rest = set_paragraph(sheet, words, Style(face, 10, 12, "justify"), Frame(50, 50, 250, 380), boxes=boxes)
    assert rest == []
    assert sheet.lines == boxes
    ends = [box[2] for box in boxes[:-1]]
    assert sum(abs(end - 300) < 1.5 for end in ends) >= 0.8 * len(ends)
    assert max(ends) < 301.5


@pytest.mark.parametrize("indent", [0.0, 15.0, -15.0])
def test_indents(vera, indent):
    sheet = Sheet(400, 400)
    boxes: list[Box] = []
    style = Style(vera.families[0].regular, 10, 12, "left", indent)
    set_paragraph(sheet, ["mmmm"] * 30, style, Frame(50, 50, 200, 380), boxes=boxes)
    assert boxes[0][0] - boxes[1][0] == pytest.approx(indent, abs=0.01)
    assert boxes[1][0] == pytest.approx(boxes[2][0])


def test_a_full_frame_gives_words_back(vera):
    sheet = Sheet(400, 400)
    rest = set_paragraph(sheet, ["word"] * 100, Style(vera.families[0].regular, 10, 12), Frame(50, 50, 100, 75))
    assert len(sheet.lines) == 2
    assert 0 < len(rest) < 100


def test_close_pieces_are_one_line():
    left, near, far = (0, 0, 50, 10), (60, 0, 80, 10), (200, 0, 220, 10)
    assert join_pieces([left, near, far], 10.0) == [(0, 0, 80, 10), far]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_keep_to_their_alphabet(language):
    words = Words(random.Random(3), language).paragraph(200, 200)
    letters = {char for word in words for char in word.lower() if char.isalpha()}
    assert letters <= set((alphabet(language) + "abcdefghijklmnopqrstuvwxyz").lower())
    assert words[0][0].isupper() or script_of(language) in OTHER_SCRIPTS
