from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from centernet_cli.core.cache import VARIABLE
from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.core.recipe import AugmentSection, DataSection, Source
from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.datasets.page_cache import PageCache, page_reader, read_frame
from centernet_cli.datasets.samples import Draw, LabelledPage, Samples


def labelled(path, size=(120, 90), **values) -> LabelledPage:
    return LabelledPage(
        path=path,
        source="s",
        weight=1.0,
        width=size[0],
        height=size[1],
        boxes=np.array([(20, 30, 60, 50)], np.float32),
        labels=np.array([0]),
        ignore=np.zeros((0, 4), np.float32),
        annotated=np.array([True]),
        group="g",
        **values,
    )


@pytest.fixture
def page(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "page.png")
    return labelled(tmp_path / "page.png")


def section(**values) -> DataSection:
    return DataSection(classes=("a",), train=(Source(path="nowhere"),), **values)


def test_the_cache_is_bounded_and_forgets_what_was_not_asked_for(tmp_path):
    side = 418  # half a megabyte each
    pages = []
    for i in range(4):
        path = tmp_path / f"{i}.png"
        Image.fromarray(np.full((side, side, 3), i, np.uint8)).save(path)
        pages.append(labelled(path, size=(side, side)))
    cache = PageCache(1)
    first = cache.read(pages[0])
    assert cache.read(pages[0]) is first
    one = cache.read(pages[1])
    assert cache.read(pages[0]) is first
    cache.read(pages[2])  # page 1 has to go: it was not asked for as long as page 0
    assert cache.read(pages[0]) is first
    assert cache.read(pages[1]) is not one
    for page in pages * 2:
        assert cache.read(page)[0, 0, 0] == pages.index(page)
        held = list(cache._pages.values())
        assert sum(pixels.nbytes for pixels in held) == cache._bytes <= 2**20


def test_no_cache(page):
    cache = PageCache(0)
    assert cache.read(page) is not cache.read(page)
    assert cache._bytes == 0


def test_frames(tmp_path):
    frames = [Image.new("L", (30, 20), value) for value in (10, 20, 30)]
    frames[0].save(tmp_path / "several.tif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "single.tif")
    for number in (1, 2, 3):
        assert read_frame(tmp_path / "several.tif", number).pixels[0, 0, 0] == 10 * number
    assert read_frame(tmp_path / "several.tif", None).pixels[0, 0, 0] == 10
    # The third page of a document, saved as a file of its own.
    assert read_frame(tmp_path / "single.tif", 3).pixels[0, 0, 0] == 10
    with pytest.raises(InputError, match=r"several\.tif: P204"):
        read_frame(tmp_path / "several.tif", 4)
    with pytest.raises(InputError, match="I110"):
        read_frame(tmp_path / "nowhere.tif", 1)


def test_frames_are_cached_apart(tmp_path):
    frames = [Image.new("L", (30, 20), value) for value in (10, 20)]
    frames[0].save(tmp_path / "several.tif", save_all=True, append_images=frames[1:])
    cache = PageCache(1)
    found = [cache.read(labelled(tmp_path / "several.tif", size=(30, 20), frame=i))[0, 0, 0] for i in (1, 2, 1)]
    assert found == [10, 20, 10]


@pytest.mark.parametrize("mode", ["crop", "page", "original"])
def test_samples_are_the_same_with_each_cache(page, tmp_path, mode):
    augment = AugmentSection(mode=mode, rotate_degrees=3.0, flip=0.5, photometric=1.0, degrade=1.0)
    draws = [Draw(0, (5, i), landscape=False) for i in range(8)]
    disk = section(cache="disk", cache_dir=str(tmp_path / "cache"))
    found = []
    for data in (section(cache_mb=0), section(), disk, disk):
        samples = Samples([page], augment, (96, 64), 120, page_reader(data))
        found.append([samples[draw] for draw in draws])
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 1
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            assert np.array_equal(one.pixels, two.pixels)
            assert np.array_equal(one.boxes, two.boxes)


def test_on_disk_pages_are_decoded_once(page, tmp_path, monkeypatch):
    data = section(cache="disk", cache_dir=str(tmp_path / "cache"))
    first = page_reader(data).read(page)
    with monkeypatch.context() as patch:
        patch.setattr("centernet_cli.datasets.page_cache.decode", lambda _page: pytest.fail("decoded again"))
        assert np.array_equal(page_reader(data).read(page), first)


def test_sizes_that_differ_are_an_error_on_disk_too(page, tmp_path):
    reader = page_reader(section(cache="disk", cache_dir=str(tmp_path / "cache")))
    reader.read(page)
    with pytest.raises(InputError, match="D014"):
        reader.read(labelled(page.path, size=(90, 120)))
    assert reader.read(page).shape == (90, 120, 3)


def test_frames_are_apart_on_disk_too(tmp_path):
    frames = [Image.new("L", (30, 20), value) for value in (10, 20)]
    frames[0].save(tmp_path / "several.tif", save_all=True, append_images=frames[1:])
    reader = page_reader(section(cache="disk", cache_dir=str(tmp_path / "cache")))
    pages = [labelled(tmp_path / "several.tif", size=(30, 20), frame=i) for i in (1, 2, 1)]
    assert [reader.read(each)[0, 0, 0] for each in pages] == [10, 20, 10]


def test_the_disk_cache_is_in_the_users_cache_folder(page, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "user"))
    page_reader(section(cache="disk")).read(page)
    assert len(list((tmp_path / "user" / "images").glob("*.npy"))) == 1


def test_the_folder_counts_from_that_of_the_recipe(tmp_path):
    (tmp_path / "mine.yaml").write_text("data: {classes: [a], train: [{path: x}], cache: disk, cache_dir: kept/here}")
    assert load_recipe(tmp_path / "mine.yaml").data.cache_dir == str(tmp_path / "kept" / "here")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="O801") as caught:
        page_reader(section(cache="disk", cache_dir=str(tmp_path / "file")))
    assert caught.value.path == str(tmp_path / "file")
