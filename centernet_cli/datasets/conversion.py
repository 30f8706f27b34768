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
from centernet_cli.datasets.formats.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.tally import Tally

Images = Literal["copy", "link", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a dataset goes.

    Attributes:
        format: Key of `FORMATS`.
        path: The file, or the folder of formats that write several files.
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
        return FORMATS[self.format].files is not None

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
    if FORMATS[format_name].files is None and (out.is_dir() or not (out.suffix or out.exists())):
        return out / name
    return out


class Conversion:
    """One dataset on its way to a target; what the format cannot hold is left out, and counted, right away.

    Args:
        dataset: What was read.
        sources: What it was read from.
        target: Where it goes.
        tally: Account of the reading, which the writing adds to.

    Raises:
        UsageError: U302, predictions have no images to copy.
        InputError: X310 an image's name leads out of the data folder, D016 an image is missing.
        OutputError: O801 the target is of the wrong kind, O802 it is an input, O803 it exists.
    """

    def __init__(self, dataset: Dataset, sources: Sequence[Path], target: Target, tally: Tally) -> None:
        entry = FORMATS[target.format]
        self.dataset = dataset if entry.fit is None else entry.fit(dataset, tally)
        self.sources = sources
        self.target = target
        self.tally = tally
        # Where the image of each page belongs, relative to the target's folder.
        self._places = (
            [page.info.source for page in dataset.pages] if entry.images is None else entry.images(self.dataset)
        )
        self._images: dict[str, Path | bytes] = {}
        self._check_target()
        if target.images != "none":
            self._images = self._find_images()
        self._check_files()

    def run(self) -> None:
        """Write everything or nothing.

        Raises:
            OutputError: O801.
        """
        target, entry = self.target, FORMATS[self.target.format]
        write = entry.write_fitted or entry.write
        if not self._images:
            write(self._rebased(), target.path, tally=self.tally)
            return
        with atomic_folder(target.folder) as stage:
            for name, image in self.tally.each("images", list(self._images.items())):
                self._place(image, stage / name)
            write(self.dataset, stage if target.is_folder else stage / target.path.name, tally=self.tally)

    def names(self) -> list[str]:
        """Return the names of the output's files and, if they belong to it, images, relative to its folder."""
        files = FORMATS[self.target.format].files
        names = [self.target.path.name] if files is None else files(self.dataset)
        return names if self.target.images == "none" else [*names, *self._places]

    def others(self) -> int:
        """Return how many files of the format lie in the output's folder beside what is written, and count as well."""
        files = FORMATS[self.target.format].files
        if files is None or not self.target.folder.is_dir():
            return 0
        own = set(files(self.dataset))
        suffixes = {Path(name).suffix for name in own}
        folder = self.target.folder
        found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in suffixes)
        return sum(1 for name in found if name not in own)

    def images_are_apart(self) -> bool:
        """Tell whether file names in the output do not lead to the images, as they were left elsewhere."""
        if self.dataset.root is None or self.target.images != "none":
            return False
        if self.target.is_folder:
            return not self._are_in_place()
        return self._way_to_root() is None

    def _are_in_place(self) -> bool:
        """Tell whether every image lies where programs of the target's format look for it."""
        root = self.dataset.root
        if root is None:
            return False
        names = zip((page.info.source.rpartition("/") for page in self.dataset.pages), self._places, strict=True)
        pairs = {
            (folder, name == place.rpartition("/")[2], place.rpartition("/")[0]) for (folder, _, name), place in names
        }
        return all(
            same and os.path.realpath(root / folder) == os.path.realpath(self.target.folder / place_folder)
            for folder, same, place_folder in pairs
        )

    def _check_target(self) -> None:
        path = self.target.path
        if not self.target.is_folder:
            if path.is_dir():
                raise OutputError("O801", "cannot be written: is a directory", path=path)
            return
        if path.exists() and not path.is_dir():
            raise OutputError("O801", "cannot be written: not a folder", path=path)
        # Next to the images is where labelme and others look for their files, so the data folder itself is welcome.
        is_filled = path.is_dir() and next(path.iterdir(), None) is not None
        if is_filled and not self.target.force and not self._are_in_place():
            raise OutputError("O803", "the folder is not empty", path=path, hint="--force writes into it all the same")

    def _check_files(self) -> None:
        """Look for files that would be replaced."""
        folder = self.target.folder
        if not os.path.lexists(folder) or (folder.is_dir() and next(folder.iterdir(), None) is None):
            return
        inputs: set[str] | None = None
        files = FORMATS[self.target.format].files
        names = [self.target.path.name] if files is None else files(self.dataset)
        for path in (self.target.folder / name for name in (*names, *self._images)):
            if not os.path.lexists(path):
                continue
            if inputs is None:
                inputs = {os.path.realpath(file) for file in self.tally.files}
            if os.path.realpath(path) in inputs:
                raise OutputError("O802", "the output is one of the inputs", path=path, hint="choose another --out")
            if path.is_file() and not self.target.force:
                raise OutputError(
                    "O803", "exists already", path=path, hint="--force replaces it, or choose another --out"
                )

    def _find_images(self) -> dict[str, Path | bytes]:
        """Return the images to place, by the name to have: files, or what only labelme files hold."""
        root = self.dataset.root
        if root is None:
            message = "predictions name images anywhere; only those of a dataset can be copied or linked"
            raise UsageError("U302", message, path="--images", hint="leave --images out")
        found: dict[str, Path | bytes] = {}
        missing: dict[str, str] = {}
        for name, place in dict.fromkeys(
            zip((page.info.source for page in self.dataset.pages), self._places, strict=True)
        ):
            path = resolve_inside(root, name)
            if not os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises on long names)
                missing[place] = name
            elif not self._is_there(path, place):
                found[place] = path
        if missing:
            embedded = self._embedded({root / name for name in missing.values()})
            problems = Problems(root)
            for place, name in missing.items():
                if root / name in embedded:
                    found[place] = embedded[root / name]
                else:
                    problems.add("D016", "image is missing", path=root / name, hint="--images none leaves images alone")
            problems.raise_if_any()
        return found

    def _is_there(self, path: Path, place: str) -> bool:
        there = self.target.folder / place
        return os.path.exists(there) and there.samefile(path)  # noqa: PTH110 (Path.exists raises on long names)

    def _embedded(self, paths: set[Path]) -> dict[Path, bytes]:
        """Return the contents of images that only labelme files hold, by the path the images would have."""
        found: dict[Path, bytes] = {}
        wanted = {os.path.realpath(path): path for path in paths}
        for source in self.sources:
            root = source if source.is_dir() else source.parent
            try:
                for name, content in embedded_images(source):
                    path = wanted.get(os.path.realpath(root / name))
                    if path is not None:
                        found[path] = content
            except InputError:
                continue  # not labelme; its own reader has said what is to say
        return found

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
