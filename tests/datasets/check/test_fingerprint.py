from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.check.fingerprint import alike, fingerprint


def lines(seed, *, width=600, height=800):
    """Return a page of bars that are as long as lines of text are."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width), 245, np.uint8)
    for top in range(60, height - 60, 26):
        if rng.random() < 0.85:
            pixels[top : top + 12, 50 : int(rng.integers(width // 4, width - 40))] = rng.integers(20, 140)
    return Image.fromarray(pixels)


def test_copies_of_other_size_and_quality_are_alike(tmp_path):
    for seed in range(12):
        page = lines(seed)
        page.save(tmp_path / f"{seed}-a.png")
        page.resize((330, 440)).convert("RGB").save(tmp_path / f"{seed}-b.jpg", quality=35)
    names = sorted(tmp_path.iterdir())
    pairs = {(names[one].name, names[other].name) for one, other in alike([fingerprint(name) for name in names])}
    assert pairs == {(f"{seed}-a.png", f"{seed}-b.jpg") for seed in range(12)}


def test_blurred_and_tiny_copies_are_alike(tmp_path):
    for seed in range(12):
        page = lines(seed)
        page.save(tmp_path / f"{seed}-a.png")
        (page.filter(ImageFilter.GaussianBlur(6)) if seed % 2 else page.resize((48, 64))).save(
            tmp_path / f"{seed}-b.png"
        )
    names = sorted(tmp_path.iterdir())
    pairs = {(names[one].name, names[other].name) for one, other in alike([fingerprint(name) for name in names])}
    assert pairs == {(f"{seed}-a.png", f"{seed}-b.png") for seed in range(12)}


def test_copies_of_smooth_pictures_are_alike(tmp_path):
    """Their hashes are noise."""
    for seed in range(8):
        few = np.random.default_rng(seed).integers(0, 256, (4, 4), dtype=np.uint8)
        picture = Image.fromarray(few).resize((600, 800), Image.Resampling.BICUBIC)
        picture.save(tmp_path / f"{seed}-a.png")
        picture.resize((60, 80)).save(tmp_path / f"{seed}-b.jpg", quality=60)
    names = sorted(tmp_path.iterdir())
    pairs = {(names[one].name, names[other].name) for one, other in alike([fingerprint(name) for name in names])}
    assert pairs == {(f"{seed}-a.png", f"{seed}-b.jpg") for seed in range(8)}


def test_turned_by_exif_is_the_same_page(tmp_path):
    page = lines(5)
    exif = Image.Exif()
    exif[0x0112] = 6
    page.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif)
    page.save(tmp_path / "plain.png")
    assert list(alike([fingerprint(tmp_path / "turned.jpg"), fingerprint(tmp_path / "plain.png")])) == [(0, 1)]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "I;16", "CMYK"])
def test_modes(tmp_path, mode):
    page = lines(3)
    page.save(tmp_path / "plain.png")
    other = page.convert("I").point(lambda value: value * 257).convert("I;16") if mode == "I;16" else page.convert(mode)
    other.save(tmp_path / "other.tif")
    assert list(alike([fingerprint(tmp_path / "plain.png"), fingerprint(tmp_path / "other.tif")])) == [(0, 1)]


def test_blank_pages_are_like_nothing(tmp_path):
    Image.new("L", (200, 300), 250).save(tmp_path / "a.png")
    Image.new("L", (400, 300), 240).save(tmp_path / "b.png")
    assert list(alike([fingerprint(tmp_path / "a.png"), fingerprint(tmp_path / "b.png")])) == []
    assert list(alike([])) == []


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n"])
def test_damaged_images(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match="I101"):
        fingerprint(tmp_path / "a.png")
