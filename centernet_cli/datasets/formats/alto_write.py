"""Writing ALTO 4: a file for each page, lines in blocks, in reading order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import centernet_cli
from centernet_cli.core.records import Dataset
from centernet_cli.core.safe_io import atomic_folder
from centernet_cli.datasets.formats.alto_labels import CROWD, HOLDER, LINE, OURS, WORD, block_element
from centernet_cli.datasets.formats.file_names import page_files, way_to
from centernet_cli.datasets.formats.layout_write import (
    arrange,
    extras_text,
    fit_facts,
    fit_outlines,
    level_of,
    short,
)
from centernet_cli.datasets.formats.safe_xml import SCHEMA_LOCATION, XSI, write_xml, xml_builder, xml_bytes, xml_text
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Box, PageRecord
    from centernet_cli.datasets.formats.layout import Level
    from centernet_cli.datasets.formats.layout_write import Block, Row

    Element = Any

SOFTWARE = "centernet"
_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-2.xsd"


def alto_files(dataset: Dataset) -> list[str]:
    """Return the names, relative to the folder, of the files that `write_alto` writes, in the order of the pages."""
    return page_files(dataset, ".xml")


def fit_alto(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what ALTO can hold of a dataset: scores only of lines and words."""
    dataset = fit_outlines(fit_facts(dataset, tally), tally)
    pages = []
    for page in dataset.pages:
        found = [_fit(annotation) for annotation in page.annotations]
        lost = sum(new is not old for new, old in zip(found, page.annotations, strict=True))
        if lost:
            tally.note("scores of regions not written", lost)
        pages.append(replace(page, annotations=tuple(found)) if lost else page)
    return replace(dataset, pages=tuple(pages))


def _fit(annotation: Annotation) -> Annotation:
    lost = annotation.score is not None and level_of(annotation.label) == "region"
    return replace(annotation, score=None) if lost else annotation


def write_alto(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write one ALTO file for each page, all of them or none.

    The file of page `a/b.png` is `a/b.xml` in `folder`, and names the image `b.png`, as if that were next to it.
    Classes whose name says so are lines or words, others blocks; lines are put into the block that holds at least half
    of them, and into a block without position if there is none. A line has to have a string: if it has no words, or a
    score, one without content, tagged as no annotation, which also has that score. Classes without a kind of block are
    tags; crowds are too, and the page's origin is kept in `processingStepSettings`.

    Args:
        dataset: Pages to write.
        folder: Made if missing; files of the same names are replaced.
        tally: Notes what is lost.

    Raises:
        OutputError: O801.
    """
    tally = Tally() if tally is None else tally
    dataset = fit_alto(dataset, tally)
    with atomic_folder(folder) as stage:
        for name, page in zip(alto_files(dataset), dataset.pages, strict=True):
            image = PurePosixPath(page.info.source).name if dataset.root else way_to(page.info.source, folder)
            write_xml(stage / name, _Document(page, image).root)


def alto_text(page: PageRecord, image: str, *, right_to_left: bool = False) -> str:
    """Return what is in the file of a page whose image is at `image`, seen from that file's folder.

    Args:
        page: The page.
        image: Where its image is.
        right_to_left: Which way it is read.
    """
    (fitted,) = fit_alto(Dataset(classes=(), pages=(page,)), Tally()).pages
    return xml_bytes(_Document(fitted, image, right_to_left=right_to_left).root).decode()


class _Document:
    """An ALTO document on its way."""

    def __init__(self, page: PageRecord, image: str, *, right_to_left: bool = False) -> None:
        self._make = xml_builder(_NAMESPACE, xsi=XSI)
        make, info = self._make, page.info
        self.root = make(None, "alto", SCHEMAVERSION="4.2")
        self.root.set(SCHEMA_LOCATION, f"{_NAMESPACE} {_SCHEMA}")
        description = make(self.root, "Description")
        make(description, "MeasurementUnit").text = "pixel"
        make(make(description, "sourceImageInformation"), "fileName").text = xml_text(image)
        step = make(description, "Processing", ID="processing")
        extras = extras_text(page, image, needs_source="\n" in image)  # names are read without line breaks around
        if extras is not None:
            make(step, "processingStepSettings").text = extras
        software = make(step, "processingSoftware")
        make(software, "softwareName").text = SOFTWARE
        make(software, "softwareVersion").text = centernet_cli.__version__
        self._tags = make(self.root, "Tags")
        self._tag_ids: dict[tuple[str, str, str], str] = {}
        number = str(info.page or 1)
        size = {"WIDTH": str(info.width), "HEIGHT": str(info.height)}
        sheet = make(make(self.root, "Layout"), "Page", ID="page", PHYSICAL_IMG_NR=number, **size)
        space = make(sheet, "PrintSpace", HPOS="0", VPOS="0", **size)
        for index, block in enumerate(arrange(page.annotations, right_to_left=right_to_left), start=1):
            self._add_block(space, block, f"b{index}")
        if not len(self._tags):
            self.root.remove(self._tags)

    def _tag(self, element: str, kind: str, label: str) -> str:
        """Return the id of a tag, which is made if it is new."""
        key = (element, kind, label)
        if key not in self._tag_ids:
            self._tag_ids[key] = f"t{len(self._tag_ids) + 1}"
            shown = xml_text(label)
            exact = None if shown == label else json.dumps(label)
            self._make(self._tags, element, ID=self._tag_ids[key], TYPE=kind, LABEL=shown, DESCRIPTION=exact)
        return self._tag_ids[key]

    def _tagrefs(self, annotation: Annotation | None, level: Level, *, tagged: bool) -> str | None:
        """Return the ids of an element's tags; those of classes have the level as type, which kraken looks for."""
        if annotation is None:
            return self._tag("OtherTag", OURS, HOLDER)
        tags = [self._tag("LayoutTag", level, annotation.label)] if tagged else []
        if annotation.crowd:
            tags.append(self._tag("OtherTag", OURS, CROWD))
        return " ".join(tags) or None

    def _add_block(self, space: Element, block: Block, key: str) -> None:
        annotation = block.annotation
        if annotation is None:
            self._add_rows(self._make(space, "TextBlock", ID=key), block.rows, key)
            return
        name, kind, tagged = block_element(annotation.label)
        tags = self._tagrefs(annotation, "region", tagged=tagged)
        element = self._make(space, name, ID=key, TAGREFS=tags, TYPE=kind, **_position(annotation.box))
        self._add_shape(element, annotation)
        if name != "TextBlock" and block.rows:
            # Only text blocks have lines; tables have blocks in them, figures haven't.
            parent = element if name == "ComposedBlock" else space
            element = self._make(parent, "TextBlock", ID=f"{key}t")
        self._add_rows(element, block.rows, key)

    def _add_rows(self, block: Element, rows: Sequence[Row], key: str) -> None:
        for number, row in enumerate(rows, start=1):
            line_key = f"{key}l{number}"
            position = _position(row.box)
            tagged = row.annotation is not None and row.annotation.label != LINE
            tags = self._tagrefs(row.annotation, "line", tagged=tagged)
            line = self._make(block, "TextLine", ID=line_key, TAGREFS=tags, **position)
            if row.annotation is not None:
                self._add_shape(line, row.annotation)
                score = _score(row.annotation)
                if score is not None or not row.words:
                    holder = self._tag("OtherTag", OURS, HOLDER)
                    self._make(line, "String", ID=f"{line_key}s0", TAGREFS=holder, CONTENT="", WC=score, **position)
            for place, word in enumerate(row.words, start=1):
                tags = self._tagrefs(word, "word", tagged=word.label != WORD)
                given = {"ID": f"{line_key}s{place}", "TAGREFS": tags, "CONTENT": "", "WC": _score(word)}
                self._add_shape(self._make(line, "String", **given, **_position(word.box)), word)

    def _add_shape(self, element: Element, annotation: Annotation) -> None:
        if annotation.polygon is not None:
            points = " ".join(f"{short(x)},{short(y)}" for x, y in annotation.polygon)
            self._make(self._make(element, "Shape"), "Polygon", POINTS=points)


def _position(box: Box) -> dict[str, str]:
    x0, y0, x1, y1 = box
    return {"HPOS": short(x0), "VPOS": short(y0), "WIDTH": short(x1 - x0), "HEIGHT": short(y1 - y0)}


def _score(annotation: Annotation) -> str | None:
    return None if annotation.score is None else short(annotation.score, 6)
