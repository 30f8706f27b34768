"""Draw `images/core.jpg` on a page of the sample documents: `python docs/make_core_picture.py`."""  # noqa: INP001

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch  # noqa: TID253 - a script
from PIL import Image, ImageDraw, ImageFont

from centernet_cli.codec.encode import encode
from centernet_cli.codec.targets import Targets
from centernet_cli.core.recipe import TargetsSection
from centernet_cli.inference.preprocess import network_input
from centernet_cli.models.pixels import IMAGENET_MEAN, IMAGENET_STD
from centernet_cli.models.zoo import load_model
from centernet_cli.training.batch import normalise

DOCS = Path(__file__).parent
TRUTH = DOCS.parent / "sample_docs" / ".truth" / "lines.json"
PAGE = "pages/oldbook-de.jpg"
SIZE = 1024
"""Long side of the page for the network, as `lines` was trained."""
CELL = 4
STEP = 6
"""Pixels of a cell in the panels 2 and 3."""
HEIGHT = 828
"""Of a panel, pixels of the picture: a multiple of the cells' sizes below."""
WIDTH = 618
"""Of the panels 2 and 3."""
CROP = (18, 22)
"""First column and row of cells of the panels 2 and 3."""
CLOSE = 36
"""Pixels of a cell in the last panel."""
ORANGE, BLUE, RED, INK = (230, 159, 0), (0, 114, 178), (213, 94, 0), (40, 40, 40)


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font, which is the same everywhere."""
    return ImageFont.load_default(size)


def faded(pixels: np.ndarray, heat: np.ndarray) -> Image.Image:
    """Lay a heatmap, one value a pixel, over the washed-out page."""
    page = 255 - (255 - pixels.astype(np.float32)) * 0.6
    share = np.clip(heat, 0, 1)[:, :, None] * 0.9
    return Image.fromarray(np.rint(page * (1 - share) + np.array(RED) * share).astype(np.uint8))


def cells_to_pixels(values: np.ndarray, step: int) -> np.ndarray:
    """Repeat every cell's value over its `step` x `step` pixels."""
    return np.kron(values, np.ones((step, step), np.float32))


def predicted(pixels: np.ndarray) -> np.ndarray:
    """Return the heatmap `(h, w)` of the shipped model `lines`."""
    with torch.inference_mode():
        images = normalise(torch.from_numpy(pixels).permute(2, 0, 1)[None], IMAGENET_MEAN, IMAGENET_STD)
        heat: np.ndarray = load_model("lines").network(images)["heatmap"].sigmoid()[0, 0].numpy()
    return heat


def page_and_boxes() -> tuple[np.ndarray, torch.Tensor]:
    """Return the page as the network sees it, and its true lines in those pixels."""
    truth = json.loads(TRUTH.read_text(encoding="utf-8"))
    (image,) = (image for image in truth["images"] if image["file_name"] == PAGE)
    boxes = np.array([item["bbox"] for item in truth["annotations"] if item["image_id"] == image["id"]])
    boxes[:, 2:] += boxes[:, :2]
    with Image.open(TRUTH.parent / PAGE) as page:
        prepared = network_input(np.asarray(page.convert("RGB")), SIZE)
    return prepared.pixels, torch.from_numpy(boxes * np.array(prepared.scale * 2)).float()


def cropped(pixels: np.ndarray, heat: np.ndarray | None, width: int) -> Image.Image:
    """Return the part of the page from `CROP` on, `STEP` pixels a cell, with a heatmap if there is one."""
    across, down = width // STEP, HEIGHT // STEP
    columns, rows = slice(CROP[0], CROP[0] + across), slice(CROP[1], CROP[1] + down)
    part = pixels[rows.start * CELL : rows.stop * CELL, columns.start * CELL : columns.stop * CELL]
    large = np.asarray(Image.fromarray(part).resize((across * STEP, down * STEP), Image.Resampling.BICUBIC))
    cells = np.zeros((down, across), np.float32) if heat is None else heat[rows, columns]
    return faded(large, cells_to_pixels(cells, STEP))


def with_sizes(picture: Image.Image, targets: Targets, columns: int) -> Image.Image:
    """Draw width and height of every box as bars through its centre."""
    draw = ImageDraw.Draw(picture)
    for index, (width, height), (dx, dy) in zip(
        targets.index.tolist(), targets.size.tolist(), targets.offset.tolist(), strict=True
    ):
        x, y = (index % columns + dx - CROP[0]) * STEP, (index // columns + dy - CROP[1]) * STEP
        half_w, half_h = width * STEP / 2, height * STEP / 2
        draw.rectangle((x - half_w, y - half_h, x + half_w, y + half_h), outline=(190, 190, 190))
        draw.line((x - half_w, y, x + half_w, y), fill=BLUE, width=3)
        draw.line((x, y - half_h, x, y + half_h), fill=ORANGE, width=3)
        draw.rectangle((x - 4, y - 4, x + 4, y + 4), fill=RED)
    return picture


def close_up(pixels: np.ndarray, targets: Targets, columns: int, chosen: int, width: int) -> Image.Image:
    """Draw the cells around one centre, with the arrow from the cell's corner to the exact centre."""
    index, offset = int(targets.index[chosen]), targets.offset[chosen].tolist()
    column, row = index % columns, index // columns
    across, down = width // CLOSE, HEIGHT // CLOSE
    first_x, first_y = column - across // 2, row - down // 2
    part = pixels[first_y * CELL : (first_y + down) * CELL, first_x * CELL : (first_x + across) * CELL]
    large = Image.fromarray(part).resize((across * CLOSE, down * CLOSE), Image.Resampling.BICUBIC)
    heat = targets.heatmap[0, first_y : first_y + down, first_x : first_x + across].numpy()
    picture = Image.new("RGB", (width, HEIGHT), "white")
    picture.paste(faded(np.asarray(large), cells_to_pixels(heat, CLOSE) * 0.8))
    draw = ImageDraw.Draw(picture)
    for i in range(across + 1):
        draw.line((i * CLOSE, 0, i * CLOSE, down * CLOSE), fill=(215, 215, 215))
    for i in range(down + 1):
        draw.line((0, i * CLOSE, across * CLOSE, i * CLOSE), fill=(215, 215, 215))
    x, y = (column - first_x) * CLOSE, (row - first_y) * CLOSE
    draw.rectangle((x, y, x + CLOSE, y + CLOSE), outline=INK, width=3)
    tip = (x + offset[0] * CLOSE, y + offset[1] * CLOSE)
    draw.line((x, y, *tip), fill=BLUE, width=4)
    draw.ellipse((tip[0] - 6, tip[1] - 6, tip[0] + 6, tip[1] + 6), fill=BLUE, outline="white", width=2)
    label = f"offset {offset[0]:.2f}, {offset[1]:.2f}"
    draw.rectangle((x - 84, y + CLOSE + 12, x + 126, y + CLOSE + 44), fill="white", outline=(190, 190, 190))
    draw.text((x - 76, y + CLOSE + 16), label, fill=INK, font=font(20))
    return picture


def main() -> None:
    """Draw the four panels side by side."""
    pixels, boxes = page_and_boxes()
    height, width = pixels.shape[:2]
    labels = torch.zeros(len(boxes), dtype=torch.long)
    targets = encode(boxes, labels, shape=(height, width), num_classes=1, section=TargetsSection())
    columns = width // CELL

    whole = faded(pixels, cells_to_pixels(predicted(pixels), CELL))
    whole = whole.resize((round(width * HEIGHT / height), HEIGHT), Image.Resampling.LANCZOS)
    chosen = int((targets.size[:, 0] - targets.size[:, 0].median()).abs().argmin())
    panels = [
        ("1  heatmap, predicted by `lines`", whole),
        ("2  heatmap, target", cropped(pixels, targets.heatmap[0].numpy(), WIDTH)),
        ("3  size, target", with_sizes(cropped(pixels, None, WIDTH), targets, columns)),
        ("4  one centre: cells and offset, target", close_up(pixels, targets, columns, chosen, 432)),
    ]
    gap, top = 18, 44
    total = sum(panel.width for _, panel in panels) + gap * (len(panels) + 1)
    sheet = Image.new("RGB", (total, HEIGHT + top + gap), "white")
    draw = ImageDraw.Draw(sheet)
    x = gap
    for title, panel in panels:
        draw.text((x, 10), title, fill=INK, font=font(24))
        sheet.paste(panel, (x, top))
        draw.rectangle((x - 1, top - 1, x + panel.width, top + HEIGHT), outline=(200, 200, 200))
        x += panel.width + gap
    sheet.save(DOCS / "images" / "core.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()
