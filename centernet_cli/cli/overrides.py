"""Options of `predict` and `evaluate` about how pages are shown to a model, and how overlaps are resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from centernet_cli.core.errors import UsageError

if TYPE_CHECKING:
    from centernet_cli.inference.overrides import Nms, Overrides

_TEST = "Accuracy"
MAX_SCALE = 4.0

SizeOption = Annotated[
    int | None,
    typer.Option(
        "--size",
        min=64,
        max=8192,
        metavar="N",
        help="Long side in pixels at which the network sees a page; with --resize fixed, both sides. "
        "[default: the model's; larger for small lines]",
    ),
]
FlipOption = Annotated[
    bool | None,
    typer.Option(
        "--flip/--no-flip",
        help="Average with the mirrored page: twice the time. [default: the model's]",
        rich_help_panel=_TEST,
    ),
]
ScalesOption = Annotated[
    str | None,
    typer.Option(
        "--scales",
        metavar="F,F,...",
        help="Look at several sizes, such as 0.5,0.75,1,1.25,1.5, and merge. [default: the model's]",
        rich_help_panel=_TEST,
    ),
]
ResizeOption = Annotated[
    Literal["page", "keep", "fixed"] | None,
    typer.Option(
        "--resize",
        help="page: long side to --size. keep: pixels as they are. fixed: fitted into a square. [default: the model's]",
        rich_help_panel=_TEST,
    ),
]
InkOption = Annotated[
    Literal["off", "lines", "regions"] | None,
    typer.Option(
        "--ink",
        help="On clean pages move the sides of boxes to the ink, as suits text lines or regions. "
        "[default: the model's]",
        rich_help_panel=_TEST,
    ),
]
NmsOption = Annotated[
    str | None,
    typer.Option(
        "--nms",
        metavar="IOU|none|soft",
        help="Boxes that overlap a better one: drop them from this IoU on, keep them, or lower their scores. "
        "[default: the model's]",
        rich_help_panel=_TEST,
    ),
]


def read_overrides(
    *,
    size: int | None,
    flip: bool | None,
    scales: str | None,
    resize: Literal["page", "keep", "fixed"] | None,
    nms: str | None,
    ink: Literal["off", "lines", "regions"] | None = None,
) -> Overrides:
    """Read the values of these options.

    Raises:
        UsageError: U111, a value that makes no sense; U707, two that contradict each other.
    """
    from centernet_cli.inference.overrides import Overrides

    if size is not None and resize == "keep":
        raise UsageError(
            "U707", "`keep` shows pages in their own size", path="--size", hint="--resize page, or --scales"
        )
    return Overrides(
        flip=flip,
        scales=None if scales is None else read_scales(scales),
        resize=resize,
        nms=None if nms is None else read_nms(nms),
        ink=ink,
        size=size,
    )


def read_scales(text: str) -> tuple[float, ...]:
    """Read factors separated by commas, each once.

    Raises:
        UsageError: U111.
    """
    scales = tuple(dict.fromkeys(_number(part) for part in text.split(",")))
    # A comparison with NaN is false.
    if not all(0 < scale <= MAX_SCALE for scale in scales):
        message = f"'{text}' isn't a list of factors above 0, at most {MAX_SCALE:g}"
        raise UsageError("U111", message, path="--scales", hint="such as 0.5,1,1.5")
    return scales


def read_nms(text: str) -> Nms:
    """Read an IoU, or one of the words.

    Raises:
        UsageError: U111.
    """
    if text == "none":
        return "none"
    if text == "soft":
        return "soft"
    iou = _number(text)
    if not 0 < iou <= 1:
        message = f"'{text}' is neither an IoU above 0 and at most 1, nor `none` or `soft`"
        raise UsageError("U111", message, path="--nms")
    return iou


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
