"""What we write is valid by the official schemas, wherever these are at hand.

The schemas are other people's and not in this repository. That of PAGE comes with the package `ocrd` (without its many
dependencies: `uv pip install --no-deps ocrd`); `CENTERNET_SCHEMAS` may name a folder with `pagecontent.xsd`, and
`alto-4-2.xsd` with the `xlink.xsd` that it imports. `test_page_xml.py` and `test_alto.py` check the same rules, as far
as they concern what we write, everywhere.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import FORMATS

FILES = {"page": ("pagecontent.xsd", "page.xsd"), "alto": ("alto-4-2.xsd",)}


def folders() -> list[Path]:
    named = os.environ.get("CENTERNET_SCHEMAS")
    package = importlib.util.find_spec("ocrd_validators")
    places = list(package.submodule_search_locations or ()) if package else []
    return [Path(place) for place in [*([named] if named else []), *places]]


@pytest.fixture(scope="module", params=sorted(FILES))
def schema(request: pytest.FixtureRequest) -> tuple[str, Any]:
    name = request.param
    found = [folder / file for folder in folders() for file in FILES[name] if (folder / file).is_file()]
    if not found:
        pytest.skip(f"no schema of {name}: neither in the package ocrd nor in CENTERNET_SCHEMAS")
    document = etree.parse(str(found[0]))
    for element in document.getroot().iterchildren("{*}import"):
        # By name alone: the address leads to the network.
        element.set("schemaLocation", element.get("schemaLocation").rpartition("/")[2])
    return name, etree.XMLSchema(document)


LABELS = [
    "text_line",
    "word",
    "text",
    "title",
    "list",
    "table",
    "figure",
    "caption",
    "header",
    "footer",
    "other",
    "é <",
]
COORDINATE = st.integers(0, 16 * 900).map(lambda value: value / 16)


@st.composite
def random_annotations(draw: st.DrawFn) -> Annotation:
    xs, ys = (draw(st.lists(COORDINATE, min_size=3, max_size=3, unique=True)) for _ in range(2))
    return Annotation(
        label=draw(st.sampled_from(LABELS)),
        box=(min(xs), min(ys), max(xs), max(ys)),
        polygon=draw(st.none() | st.just(tuple(zip(xs, ys, strict=True)))),
        score=draw(st.none() | st.floats(0, 1)),
        crowd=draw(st.booleans()),
    )


INFOS = st.builds(
    PageInfo,
    source=st.sampled_from(["a.png", "scans/b c.pdf", "x&<\"'>.tif"]),
    width=st.just(900),
    height=st.just(1000),
    page=st.none() | st.integers(1, 5000),
    dpi=st.none() | st.floats(1, 1200),
    width_pt=st.none() | st.floats(1, 14_400),
)


@given(info=INFOS, found=st.lists(random_annotations(), max_size=9), group=st.none() | st.text(max_size=5))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_written_files_are_valid(
    schema: tuple[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    info: PageInfo,
    found: list[Annotation],
    group: str | None,
) -> None:
    name, rules = schema
    folder = tmp_path_factory.mktemp("out")
    pages = (PageRecord(info=info, annotations=tuple(found), group=group),)
    FORMATS[name].write(Dataset(classes=tuple(LABELS), pages=pages), folder)
    (path,) = folder.rglob("*.xml")
    rules.assertValid(etree.parse(str(path)))
