"""Reading YOLO: label files of boxes, oriented boxes or polygons, with data.yaml, darknet's files or nothing beside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats.fields import NameChecker
from centernet_cli.datasets.formats.image_header import SUFFIXES, image_size
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.shapes import ShapeError, parse_number
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.yolo_config import YoloConfig, read_config, read_text
from centernet_cli.datasets.formats.yolo_lines import read_line, tracked_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from centernet_cli.core.records import Annotation

_NO_LABELS = {"classes.txt", "obj.names", "train.txt", "val.txt", "valid.txt", "test.txt", "notes.txt"}
_SNIFFED = 50
_X310_HINT = "names must be relative and stay below the data folder"


def sniff_yolo(path: Path) -> bool:
    """Tell whether a folder holds YOLO labels, or a file describes them."""
    try:
        config = read_config(path)
        if config.files and (config.places or config.root.joinpath("labels").is_dir()):
            return True
        if not path.is_dir():
            return False
        labels = (file for file in _texts(path) if file.name not in _NO_LABELS)
        return any(_looks_like_labels(file) for _, file in zip(range(_SNIFFED), labels, strict=False))
    except (InputError, OSError):
        return False


def read_yolo(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read all splits of a YOLO dataset.

    Pages are the images: in the order of the splits, by path within each; all below the folder where no splits are
    named. Their labels are in the file of the same stem in `labels/` where the image is in `images/`, or beside the
    image or its `images/`; an image without one is a page without annotations. Page sizes are read from the images.
    Classes come in the order of their list; where there is none, their numbers are their names.

    Args:
        path: The data folder, or the data.yaml or obj.data in it.
        tally: Counts what became of each line.

    Raises:
        InputError: D001 no labels; D005-D017 for the files, X310 for names that lead out of the folder, D016 for
            labels without an image; all problems in one error.
    """
    tally = Tally() if tally is None else tally
    config = read_config(path)
    reader = _Reader(config, tally, Problems(path))
    images = list(reader.images())
    pages = [page for image in tally.each("reading", images) if (page := reader.page(image)) is not None]
    reader.find_orphans()
    reader.problems.raise_if_any()
    if not reader.labels:
        raise InputError("D001", "no YOLO labels in this folder", path=path)
    for note in config.notes:
        tally.note(note)
    tally.files += config.files
    return Dataset(classes=reader.classes(), pages=tuple(pages), root=config.root)


class _Reader:
    """Reads the labels of one data folder."""

    def __init__(self, config: YoloConfig, tally: Tally, problems: Problems) -> None:
        self.config = config
        self.tally = tally
        self.problems = problems
        self.labels: set[str] = set()
        self._checker = NameChecker(config.root)
        self._used: set[int] = set()
        self._folders: dict[str, None] = {}

    def images(self) -> Iterator[str]:
        """Yield the names of all images, each once."""
        seen: set[str] = set()
        for place in self.config.places or ["."]:
            path = self.config.root / place
            names = _images_below(path, self.config.root) if path.is_dir() else self._listed(path)
            for name in names:
                if name in seen:
                    self.tally.note("image in several splits, read once")
                else:
                    seen.add(name)
                    yield name

    def page(self, image: str) -> PageRecord | None:
        """Read the labels of an image; None after a problem that leaves no page."""
        label = self._label_of(image)
        size = image_size(self.config.root / image)
        if size is None:
            self.problems.add(
                "D007", "the image cannot be read, and only it says its size", path=self.config.root / image
            )
            return None
        info = PageInfo(source=image, width=size[0], height=size[1])
        annotations: tuple[Annotation, ...] = ()
        if label is not None:
            self.labels.add(label)
            file = self.config.root / label
            self.tally.files.append(file)
            try:
                annotations = tuple(self._annotations(file, info))
            except InputError as error:
                self.problems.add_error(error)
        return PageRecord(info=info, annotations=annotations)

    def classes(self) -> tuple[str, ...]:
        """Return the class names."""
        if self.config.names is not None:
            return tuple(dict.fromkeys(self.config.names))
        self.tally.note("no list of classes found: their numbers are their names")
        return tuple(str(number) for number in sorted(self._used))

    def find_orphans(self) -> None:
        """Report labels whose image is missing: nothing else says how large their page is."""
        for folder in self._folders:
            if not os.path.isdir(self.config.root / folder):  # noqa: PTH112 (Path.is_dir raises on long names)
                continue
            for file in sorted((self.config.root / folder).glob("*.txt")):
                name = file.relative_to(self.config.root).as_posix()
                if name not in self.labels and file.name not in _NO_LABELS and _looks_like_labels(file):
                    self.labels.add(name)
                    hint = "put it in its place: boxes are shares of its width and height"
                    self.problems.add("D016", "the image of these labels is missing", path=file, hint=hint)

    def _listed(self, file: Path) -> Iterator[str]:
        """Yield the images that a list names: one path a line, of which the part below the root counts."""
        folder = file.parent.relative_to(self.config.root).as_posix()
        for number, line in enumerate(read_text(file).splitlines(), start=1):
            text = line.strip().replace("\\", "/")
            if not text:
                continue
            try:
                yield self._inside(text, "" if folder == "." else folder)
            except InputError as error:
                self.problems.add_error(InputError(error.code, error.message, path=file, line=number, hint=_X310_HINT))

    def _inside(self, text: str, folder: str) -> str:
        """Return the name of a listed image: the longest end of its path that is there."""
        bases = dict.fromkeys([folder, ""])
        parts = text.split("/")
        for start in range(len(parts)):
            rest = "/".join(parts[start:])
            for base in bases:
                try:
                    name = self._checker.inside(rest, base)
                except InputError:
                    continue
                if os.path.isfile(self.config.root / name):  # noqa: PTH113
                    return name
        return self._checker.inside(text, folder)

    def _label_of(self, image: str) -> str | None:
        """Return the name of an image's label file; None if there is none."""
        stem = image.rpartition("/")[2].rpartition(".")[0]
        folders = image.split("/")[:-1]
        candidates = [
            "/".join([*folders[:index], "labels", *folders[index + 1 :]])
            for index in range(len(folders) - 1, -1, -1)
            if folders[index] == "images"
        ]
        candidates.append("/".join(folders))
        if folders and folders[-1] == "images":
            candidates.append("/".join(folders[:-1]))
        if not folders or folders[-1] != "images":
            candidates.append("/".join([*folders, "labels"]))
        for folder in candidates:
            name = f"{folder}/{stem}.txt" if folder else f"{stem}.txt"
            self._folders.setdefault(folder)
            if os.path.isfile(self.config.root / name):  # noqa: PTH113 (Path.is_file raises on long names)
                return self._checker.inside(name)
        return None

    def _annotations(self, file: Path, info: PageInfo) -> Iterator[Annotation]:
        rows = [line.split() for line in read_text(file).splitlines()]
        tracked = set() if self.config.keypoints else tracked_columns(rows)
        for number, words in enumerate(rows, start=1):
            if not words:
                continue
            if len(words) in tracked:
                self.tally.note("numbers of tracks ignored")
                words.pop()
            try:
                annotation = read_line(words, self.config.keypoints, self._name_of, info, self.tally)
            except ShapeError as error:
                self.problems.add_error(InputError(error.code, str(error), path=file, line=number))
            else:
                if annotation is not None:
                    yield annotation

    def _name_of(self, number: int) -> str:
        names = self.config.names
        if names is None:
            self._used.add(number)
            return str(number)
        if number >= len(names):
            raise ShapeError("D005", f"class {number} is not among the {len(names)} named")
        return names[number]


def _images_below(folder: Path, root: Path) -> Iterator[str]:
    """Yield the names of the images below a folder, relative to the root, by path; links aren't followed."""
    for place, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        way = Path(place).relative_to(root).as_posix()
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES) and not name.startswith("._"):
                yield name if way == "." else f"{way}/{name}"


def _texts(folder: Path) -> Iterable[Path]:
    """Yield the text files of the folders that labels lie in: here, in `labels`, and one below each."""
    for place in (folder, folder / "labels"):
        yield from sorted(place.glob("*.txt"))
    for place in (folder, folder / "labels"):
        for below in sorted(entry for entry in place.glob("*") if entry.is_dir() and not entry.name.startswith(".")):
            yield from sorted(below.glob("*.txt"))
            yield from sorted((below / "labels").glob("*.txt"))


def _looks_like_labels(file: Path) -> bool:
    """Tell whether the first line of a text is one of a label file."""
    try:
        if not file.is_file():  # a pipe would be waited for
            return False
        with file.open("rb") as stream:
            words = stream.read(2000).decode("utf-8", "replace").lstrip("\ufeff \r\n").partition("\n")[0].split()
    except OSError:
        return False
    return len(words) >= 5 and words[0].isdigit() and all(parse_number(word) is not None for word in words[:5])
