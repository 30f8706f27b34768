"""Writing a dataset where the user wants it: never over an input, images along if asked for, all or nothing."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from centernet_cli.core.errors import InputError, OutputError, UsageError
from centernet_cli.core.safe_io import atomic_folder, resolve_inside
from centernet_cli.datasets.formats import FORMATS
from centernet_cli.datasets.formats.labelme import embedded_images
from centernet_cli.datasets.formats.labelme_write import labelme_names
from centernet_cli.datasets.formats.problems import Problems

if TYPE_CHECKING:
    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.tally import Tally

Images = Literal["copy", "link", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a dataset goes.

    Attributes:
        format: Key of `FORMATS`.
        path: The file, or the folder of formats with a file for each page.
        images: Copy images there, make hard links to them, or leave them where they are.
        force: Replace files of the same name, though never an input.
    """

    format: str
    path: Path
    images: Images = "none"
    force: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether the format is a folder of files."""
        return not Path(FORMATS[self.format].output).suffix

    @property
    def folder(self) -> Path:
        """The folder that file names in the output are relative to."""
        return self.path if self.is_folder else self.path.parent


def target_path(format_name: str, out: Path | None) -> Path:
    """Return the path to write: `out`, or the default name.

    For a format of one file, an `out` that is a folder, or a new name without suffix, means the file of the default
    name in that folder.
    """
    name = FORMATS[format_name].output
    if out is None:
        return Path(name)
    if Path(name).suffix and (out.is_dir() or not (out.suffix or out.exists())):
        return out / name
    return out


class Conversion:
    """One dataset on its way to a target.

    Args:
        dataset: What was read.
        source: What it was read from.
        target: Where it goes.
        tally: Account of the reading, which the writing adds to.
    """

    def __init__(self, dataset: Dataset, source: Path, target: Target, tally: Tally) -> None:
        self.dataset = dataset
        self.source = source
        self.target = target
        self.tally = tally
        self._images: dict[str, Path | bytes] = {}
        self._check_folder()
        if target.images != "none":
            self._images = self._find_images()
        self._check_files()

    def run(self) -> None:
        """Write everything or nothing.

        Raises:
            OutputError: O801.
        """
        target, write = self.target, FORMATS[self.target.format].write
        if not self._images:
            write(self._rebased(), target.path, tally=self.tally)
            return
        with atomic_folder(target.folder) as stage:
            for name, image in self._images.items():
                self._place(image, stage / name)
            write(self.dataset, stage if target.is_folder else stage / target.path.name, tally=self.tally)

    def images_are_apart(self) -> bool:
        """Tell whether file names in the output do not lead to the images, as they were left elsewhere."""
        root = self.dataset.root
        if root is None or self.target.images != "none":
            return False
        if self.target.is_folder:
            return os.path.realpath(self.target.folder) != os.path.realpath(root)
        return self._way_to_root() is None

    def _check_folder(self) -> None:
        path, root = self.target.path, self.dataset.root
        if not self.target.is_folder:
            if path.is_dir():
                raise OutputError("O801", "cannot be written: is a directory", path=path)
            return
        if path.exists() and not path.is_dir():
            raise OutputError("O801", "cannot be written: not a folder", path=path)
        # Next to the images is where labelme looks for its files, so the data folder itself is welcome.
        beside_images = root is not None and os.path.realpath(path) == os.path.realpath(root)
        if not self.target.force and not beside_images and path.is_dir() and next(path.iterdir(), None) is not None:
            raise OutputError("O803", "the folder is not empty", path=path, hint="--force writes into it all the same")

    def _check_files(self) -> None:
        """Look for files that would be replaced."""
        inputs = {os.path.realpath(path) for path in self.tally.files}
        names = labelme_names(self.dataset) if self.target.is_folder else [self.target.path.name]
        for path in (self.target.folder / name for name in (*names, *self._images)):
            if os.path.realpath(path) in inputs:
                raise OutputError("O802", "the output is one of the inputs", path=path, hint="choose another --out")
            if path.is_file() and not self.target.force:
                raise OutputError(
                    "O803", "exists already", path=path, hint="--force replaces it, or choose another --out"
                )

    def _find_images(self) -> dict[str, Path | bytes]:
        """Return the images to place, by name: files, or the contents of those that only labelme files hold.

        Raises:
            UsageError: U302 the dataset is predictions on files anywhere.
            InputError: X310 a name leads out of the data folder; D016 an image is missing.
        """
        root = self.dataset.root
        if root is None:
            message = "predictions name images anywhere; only those of a dataset can be copied or linked"
            raise UsageError("U302", message, path="--images", hint="leave --images out")
        found: dict[str, Path | bytes] = {}
        missing = []
        for name in dict.fromkeys(page.info.source for page in self.dataset.pages):
            path = resolve_inside(root, name)
            if not path.is_file():
                missing.append(name)
            elif not self._is_there(path, name):
                found[name] = path
        if missing:
            embedded = self._embedded(set(missing))
            found |= embedded
            problems = Problems(self.source)
            for name in missing:
                if name not in embedded:
                    problems.add("D016", "image is missing", path=root / name, hint="--images none leaves images alone")
            problems.raise_if_any()
        return found

    def _is_there(self, path: Path, name: str) -> bool:
        there = self.target.folder / name
        return there.exists() and there.samefile(path)

    def _embedded(self, names: set[str]) -> dict[str, bytes]:
        if not all(path.suffix.lower() == ".json" for path in self.tally.files):
            return {}
        try:
            return {name: content for name, content in embedded_images(self.source) if name in names}
        except InputError:  # not labelme; its own reader has said what is to say
            return {}

    def _place(self, image: Path | bytes, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(image, bytes):
            path.write_bytes(image)
        elif self.target.images == "link":
            # Hard links: they survive moving the folder, and no reader has to follow them out of it.
            try:
                os.link(os.path.realpath(image), path)
            except OSError as error:
                hint = "--images copy works across disks"
                raise OutputError("O801", f"cannot be linked: {error.strerror}", path=image, hint=hint) from error
        else:
            shutil.copyfile(image, path)

    def _rebased(self) -> Dataset:
        """Return the dataset with file names relative to the output, if the images are below its folder."""
        way = None if self.target.is_folder else self._way_to_root()
        if not way:
            return self.dataset
        pages = tuple(
            replace(page, info=replace(page.info, source=f"{way}/{page.info.source}")) for page in self.dataset.pages
        )
        return replace(self.dataset, pages=pages)

    def _way_to_root(self) -> str | None:
        """Return the way from the output's folder down to the images' (empty if the same), None if there is none."""
        if self.dataset.root is None:
            return None
        folder, root = Path(os.path.realpath(self.target.folder)), Path(os.path.realpath(self.dataset.root))
        if not root.is_relative_to(folder):
            return None
        way = root.relative_to(folder).as_posix()
        return "" if way == "." else way
