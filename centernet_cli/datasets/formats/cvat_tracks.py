"""The tracks of CVAT for video: their shapes put on images, one for each frame, as CVAT for images has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.formats.image_header import SUFFIXES
from centernet_cli.datasets.formats.safe_xml import local_name
from centernet_cli.datasets.formats.shapes import LEFT_PICTURE, parse_number

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.datasets.formats.tally import Tally

    Element = Any

_HINT = "export the tasks one by one, or as CVAT for images"
_USUAL = ".png"
"""What CVAT writes frames as."""


def put_on_frames(root: Element, path: Path, tally: Tally) -> None:
    """Move the shapes of all tracks to the `image` of their frame, which is made if there is none.

    CVAT writes a shape for every frame that a track goes through, also between those that somebody drew; `outside`
    says that it has left the picture. New images are named like the files that CVAT exports with them,
    `frame_000012` with the suffix that is there, and have the size of the video.

    Args:
        root: `annotations`; its tracks are empty afterwards.
        path: The file, next to which frames are looked for.
        tally: Counts shapes out of the picture as dropped.

    Raises:
        InputError: D001, tracks of several tasks, whose frames have equal numbers; D002, a shape without a frame.
    """
    tracks = list(root.iterchildren("track"))
    if not tracks:
        return
    if len({track.get("task_id") for track in tracks}) > 1:
        raise InputError("D001", "tracks of several tasks, whose frames have the same numbers", path=path, hint=_HINT)
    frames: dict[int, list[Element]] = {}
    for track in tracks:
        for shape in [child for child in track.iterchildren() if local_name(child) != "attribute"]:
            number = _frame(shape, path)
            found = frames.setdefault(number, [])
            label = track.get("label")
            if shape.get("outside") == "1":
                tally.dropped(local_name(shape), label or "", LEFT_PICTURE)
                continue
            if shape.get("label") is None and label is not None:
                shape.set("label", label)
            found.append(shape)
    images = {_number(image.get("id")): image for image in root.iterchildren("image")}
    size, names = _size(root), _names(path.parent)
    for number in sorted(frames):
        image = images.get(number)
        if image is None:
            stem = f"frame_{number:06d}"
            image = root.makeelement("image", {"id": str(number), "name": names.get(stem, stem + _USUAL), **size})
            root.append(image)
            tally.note("frames of a video read as images")
        for shape in frames[number]:
            image.append(shape)


def _frame(shape: Element, path: Path) -> int:
    number = _number(shape.get("frame"))
    if number is None:
        message = f"`{local_name(shape)}` of a track without a `frame`"
        raise InputError("D002", message, path=path, line=shape.sourceline)
    return number


def _number(text: str | None) -> int | None:
    value = parse_number(text or "")
    return int(value) if value is not None and 0 <= value < 1e9 and value == int(value) else None


def _size(root: Element) -> dict[str, str]:
    """Return the attributes of an image that say the size of the video, if it is known."""
    stated = root.find("meta/*/original_size")
    if stated is None:
        return {}
    return {name: (stated.findtext(name) or "").strip() for name in ("width", "height")}


def _names(folder: Path) -> dict[str, str]:
    """Return the names of images next to the file, and in `images`, by what is before their suffixes."""
    found: dict[str, str] = {}
    for place in (folder, folder / "images"):
        try:
            names = sorted(entry.name for entry in place.iterdir())
        except OSError:
            continue
        for name in names:
            if name.lower().endswith(SUFFIXES):
                found.setdefault(name.rpartition(".")[0], name)
    return found
