from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from centernet_cli.core.recipe import Source
from centernet_cli.core.recipe_file import find_recipe, load_recipe
from centernet_cli.training.preview import as_record, training_pages, variants, with_sources

TRUTH = Path(__file__).resolve().parents[2] / "sample_docs" / ".truth"


@pytest.fixture(scope="module")
def recipe():
    settings = load_recipe(find_recipe(Path("smoke")), environ={})
    return with_sources(settings, [Source(path=str(TRUTH / "lines.json"))])


def test_all_pages_are_there(recipe):
    pages = training_pages(recipe)
    assert len(pages) == 11
    record = as_record(pages[0], recipe.data.classes)
    assert len(record.annotations) == len(pages[0].boxes)
    assert {each.label for each in record.annotations} == {"text_line"}


def test_variants_have_a_peak_for_each_box(recipe):
    pages = training_pages(recipe)
    made = variants(recipe, pages, 0, 3, seed=1)
    assert len(made) == 3
    width, height = recipe.train.input
    for each in made:
        assert each.sample.pixels.shape == (height, width, 3)
        assert each.heatmap.shape == (1, height // 4, width // 4)
        assert 0 < (each.heatmap == 1).sum() <= len(each.sample.boxes)
    again = variants(recipe, pages, 0, 1, seed=1)
    assert np.array_equal(again[0].sample.pixels, made[0].sample.pixels)
    assert not np.array_equal(made[0].sample.pixels, made[1].sample.pixels)
