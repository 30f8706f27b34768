from __future__ import annotations

import pickle

import numpy as np
import pytest
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.recipe import AugmentSection
from centernet_cli.datasets.page_cache import PageCache
from centernet_cli.datasets.samples import Draw, LabelledPage, Samples

BOX = (20, 30, 60, 50)
PLAIN = AugmentSection(scale=(1.0, 1.0), rotate_degrees=0.0, photometric=0.0, degrade=0.0)

ORIGINAL = AugmentSection(
    mode="original", scale=(0.6, 1.3), rotate_degrees=0.0, flip=0.5, min_visible=0.0, photometric=0.0, degrade=0.0
)


def labelled(path, size=(120, 90), **values) -> LabelledPage:
    facts = {
        "path": path,
        "source": "s",
        "weight": 1.0,
        "width": size[0],
        "height": size[1],
        "boxes": np.array([BOX, (70, 60, 110, 80)], np.float32),
        "labels": np.array([1, 0]),
        "ignore": np.zeros((0, 4), np.float32),
        "annotated": np.array([True, True]),
        "group": "g",
    }
    return LabelledPage(**{**facts, **values})


@pytest.fixture
def page(tmp_path):
    pixels = np.full((90, 120, 3), 255, np.uint8)
    pixels[BOX[1] : BOX[3], BOX[0] : BOX[2]] = (200, 0, 0)
    pixels[60:80, 70:110] = (0, 0, 200)
    Image.fromarray(pixels).save(tmp_path / "page.png")
    return labelled(tmp_path / "page.png")


def samples(*pages, augment=PLAIN, window=(96, 64), page_size=120, cache_mb=10):
    return Samples(list(pages), augment, window, page_size, PageCache(cache_mb))


def same(one, two) -> bool:
    names = ("pixels", "boxes", "labels", "ignore", "annotated")
    return all(np.array_equal(getattr(one, name), getattr(two, name)) for name in names)


@pytest.mark.parametrize("colour", ["page", "original"])
@pytest.mark.parametrize("mode", ["crop", "page", "original"])
def test_the_same_draw_is_the_same_sample_anywhere(page, mode, colour):
    augment = AugmentSection(mode=mode, colour=colour, rotate_degrees=5.0, flip=0.5, photometric=1.0, degrade=1.0)
    here, there = samples(page, augment=augment), samples(page, augment=augment)
    draws = [Draw(0, (7, 0, i), landscape=False) for i in range(6)]
    first = [here[draw] for draw in draws]
    again = [there[draw] for draw in reversed(draws)][::-1]
    assert all(same(one, two) for one, two in zip(first, again, strict=True))
    assert not same(first[0], first[1])
    # As workers that are started afresh get them.
    copied = pickle.loads(pickle.dumps(there))  # noqa: S301
    assert same(copied[draws[0]], first[0])


@pytest.mark.parametrize("augment", [PLAIN, ORIGINAL], ids=["crop", "original"])
def test_labels_and_boxes_belong_to_what_is_seen(page, augment):
    colours = {1: (200, 0, 0), 0: (0, 0, 200)}
    data = samples(page, augment=augment)
    seen = 0
    for i in range(20):
        sample = data[Draw(0, (i,), landscape=False)]
        assert sample.pixels.shape == (64, 96, 3)
        for box, label in zip(sample.boxes.tolist(), sample.labels.tolist(), strict=True):
            x, y = int((box[0] + box[2]) / 2), int((box[1] + box[3]) / 2)
            if min(box[2] - box[0], box[3] - box[1]) < 3:
                continue  # slivers are blurred
            assert np.abs(sample.pixels[y, x].astype(int) - colours[label]).max() < 5
            seen += 1
    assert seen > 10


def test_stubs_and_crowds_are_ignored(page):
    crowd = labelled(page.path, ignore=np.array([(0, 0, 120, 20)], np.float32))
    whole = samples(crowd, window=(128, 96))[Draw(0, (0,), landscape=False)]
    assert len(whole.boxes) == 2
    assert len(whole.ignore) == 1
    strict = samples(page, augment=PLAIN.model_copy(update={"min_visible": 1.0}), window=(64, 32))
    cut = [strict[Draw(0, (i,), landscape=False)] for i in range(20)]
    assert sum(len(sample.ignore) for sample in cut) > 0
    for sample in cut:
        assert len(sample.boxes) + len(sample.ignore) <= 2


def test_crowds_out_of_sight_ignore_nothing(page):
    crowd = labelled(page.path, ignore=np.array([(0, 0, 5, 90)], np.float32))
    data = samples(crowd, window=(64, 64))
    found = [data[Draw(0, (i,), landscape=False)] for i in range(30)]
    assert not all(len(sample.ignore) for sample in found)
    assert any(len(sample.ignore) for sample in found)
    assert all((sample.ignore[:, 2:] > sample.ignore[:, :2]).all() for sample in found)


def test_the_original_keeps_slivers_and_is_black_beyond_the_image(page):
    data = samples(page, augment=ORIGINAL, window=(64, 64))
    found = [data[Draw(0, (i,), landscape=False)] for i in range(60)]
    assert not any(len(sample.ignore) for sample in found)
    cut = [box for sample in found for box in sample.boxes.tolist() if min(box[2] - box[0], box[3] - box[1]) < 3]
    assert cut
    # At scale 1.3 of a page of 120x90 the window of 64 always reaches beyond it.
    assert sum((sample.pixels == 0).all(2).any() for sample in found) > 30


def test_original_colours_are_chosen_by_the_recipe(page):
    plain = samples(page, augment=ORIGINAL)[Draw(0, (3,), landscape=False)]
    changes = {"photometric": 1.0, "colour": "original"}
    changed = samples(page, augment=ORIGINAL.model_copy(update=changes))[Draw(0, (3,), landscape=False)]
    assert np.array_equal(plain.boxes, changed.boxes)
    assert not np.array_equal(plain.pixels, changed.pixels)
    other = samples(page, augment=ORIGINAL.model_copy(update={"photometric": 1.0}))[Draw(0, (3,), landscape=False)]
    assert not np.array_equal(other.pixels, changed.pixels)


def test_what_the_source_labels_goes_along(page):
    annotated = np.array([False, True])
    assert samples(labelled(page.path, annotated=annotated))[Draw(0, (0,), False)].annotated.tolist() == [False, True]


def test_landscape_pages_turn_the_window_in_page_mode_only(page):
    for mode, shape in (("page", (64, 96)), ("crop", (96, 64))):
        data = samples(page, augment=PLAIN.model_copy(update={"mode": mode}), window=(64, 96))
        assert data[Draw(0, (0,), landscape=True)].pixels.shape == (*shape, 3)
        assert data[Draw(0, (0,), landscape=False)].pixels.shape == (96, 64, 3)


def test_page_mode_shows_all_boxes(page):
    data = samples(page, augment=PLAIN.model_copy(update={"mode": "page"}), window=(96, 64))
    assert all(len(data[Draw(0, (i,), landscape=False)].boxes) == 2 for i in range(5))


def test_sizes_that_differ_are_an_error(page):
    wrong = labelled(page.path, size=(90, 120))
    with pytest.raises(InputError, match="D014 image is 120x90, its annotations say 90x120") as caught:
        samples(wrong)[Draw(0, (0,), landscape=False)]
    assert caught.value.path == str(page.path)


def test_a_page_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with pytest.raises(InputError, match=r"bad\.png"):
        samples(labelled(tmp_path / "bad.png"))[Draw(0, (0,), landscape=False)]
