"""Pages of reports: one file, nothing from elsewhere, any text shown as it is."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from lxml import html
from PIL import Image

from centernet_cli.core.records import Page, PageInfo
from centernet_cli.rendering import page_view
from centernet_cli.rendering.html_page import cards, contents, html_page, html_table, plots, section
from centernet_cli.rendering.page_view import ViewBox
from centernet_cli.rendering.plots import Line, line_plot

EVIL = "</script><script>alert('x')</script> & \"<b>"


def page():
    return html_page(
        EVIL,
        [
            contents([("a", EVIL)]),
            section(EVIL, cards([(EVIL, EVIL, EVIL)]), anchor="a", note=EVIL),
            html_table([EVIL, "n"], [[EVIL, "1"], ["b", "2"]], caption=EVIL, sortable=True, links=["a", None]),
            plots(line_plot([Line(name=EVIL, x=[0, 1], y=[0, 1])], title=EVIL)),
        ],
    )


def test_text_stays_text():
    tree = html.fromstring(page().encode())
    assert len(tree.findall(".//script")) == 1
    assert tree.findtext(".//h1") == tree.findtext(".//h2") == EVIL
    assert not tree.findall(".//b/script")
    assert tree.xpath("//td//text()")[0] == EVIL


def test_nothing_comes_from_elsewhere():
    text = page()
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)\s*=\s*\"(?!#|data:)", text)
    assert not re.search(r"https?://", text)
    assert "@import" not in text


def test_tables_have_their_cells_and_links():
    tree = html.fromstring(page().encode())
    assert [cell.text_content() for cell in tree.xpath("//tbody/tr/td")] == [EVIL, "1", "b", "2"]
    assert tree.xpath("//tbody//a/@href") == ["#a"]
    assert len(tree.xpath("//th/button")) == 2


def test_a_picture_is_scaled_down_and_kept_inside():
    pixels = np.full((3000, 1000, 3), 200, np.uint8)
    data = page_view.picture_data(Page(info=PageInfo(source="a.png", width=1000, height=3000), pixels=pixels))
    head, _, body = data.partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(body))).size == (367, 1100)


def test_boxes_lie_over_the_picture_large_ones_first():
    boxes = [
        ViewBox(kind="right", box=(10, 10, 20, 20), note=EVIL),
        ViewBox(kind="missed", box=(0, 0, 100, 50), note="large"),
    ]
    view = html.fromstring(page_view.page_view(EVIL, "picture-1", (200, 300), boxes))
    rects = view.xpath("//rect")
    assert [rect.get("class") for rect in rects] == ["missed", "right"]
    assert [rects[0].get(name) for name in ("x", "y", "width", "height")] == ["0.0", "0.0", "100.0", "50.0"]
    assert view.xpath("//use/@href") == ["#picture-1"]
    assert rects[1].findtext("title") == EVIL
    assert not view.xpath("//script")


def test_a_page_without_picture_shows_its_boxes():
    view = page_view.page_view("p", None, (10, 10), [ViewBox(kind="found", box=(0, 0, 5, 5), note="a")])
    assert "<use" not in view
    assert "<rect" in view


def test_pictures_are_stored_once():
    stock = page_view.picture_stock([("picture-3", "data:image/jpeg;base64,AA", (100, 200))])
    assert stock.count("data:image/jpeg") == 1
    assert 'id="picture-3"' in stock
    assert all(f'data-kind="{kind}"' in page_view.legend() for kind in page_view.KINDS)
