from __future__ import annotations

import json

import pytest

from centernet_cli.core.errors import ExitCode, OutputError
from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.training.run_dir import RunDir


@pytest.fixture
def run(tmp_path):
    return RunDir(tmp_path / "runs" / "one")


def test_what_is_known_before_training_is_written(run, pages, recipe_for):
    recipe = recipe_for(pages)
    run.create(recipe)
    assert load_recipe(run.recipe, environ={}) == recipe
    environment = json.loads((run.root / "environment.json").read_text())
    assert {"centernet", "torch", "python", "threads", "argv"} <= environment.keys()
    assert run.last.parent.is_dir()


def test_folders_that_are_not_empty_are_left_alone(run, pages, recipe_for):
    run.root.mkdir(parents=True)
    run.create(recipe_for(pages))
    with pytest.raises(OutputError, match="O803") as caught:
        run.create(recipe_for(pages))
    assert caught.value.exit_code == ExitCode.OUTPUT


def test_a_file_is_no_folder(run, pages, recipe_for):
    run.root.parent.mkdir()
    run.root.write_text("")
    with pytest.raises(OutputError, match="O803"):
        run.create(recipe_for(pages))
    with pytest.raises(OutputError, match="O801"):
        RunDir(run.root / "below").create(recipe_for(pages))


def test_metrics_are_lines_of_json(run):
    run.root.mkdir(parents=True)
    for step in (1, 2):
        run.append_metrics({"step": step, "loss": 0.5})
    assert [json.loads(line) for line in run.metrics.read_text().splitlines()] == [
        {"step": 1, "loss": 0.5},
        {"step": 2, "loss": 0.5},
    ]
    with pytest.raises(OutputError, match="O801"):
        RunDir(run.root / "gone").append_metrics({})


def test_metrics_of_what_is_done_again_are_dropped(run):
    run.root.mkdir(parents=True)
    run.trim_metrics(5, 1)  # none yet
    lines = [
        {"step": 3, "epoch": 0},
        {"step": 5, "epoch": 1, "score": 0.5},
        {"step": 6, "epoch": 1},
        {"step": 8, "epoch": 1},
        {"step": 8, "epoch": 2, "score": 0.6},
    ]
    run.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"step": 7, "epo')
    run.trim_metrics(8, 1)  # stopped before the second validation was over
    assert [json.loads(line) for line in run.metrics.read_text().splitlines()] == lines[:4]
    run.trim_metrics(5, 1)
    assert [json.loads(line) for line in run.metrics.read_text().splitlines()] == lines[:2]
    before = run.metrics.stat().st_mtime_ns
    run.trim_metrics(5, 1)
    assert run.metrics.stat().st_mtime_ns == before


def test_a_validation_that_is_done_again_replaces_the_one_before(run):
    run.root.mkdir(parents=True)
    run.drop_validation(5)  # none yet
    lines = [{"step": 5, "loss": 0.1}, {"step": 5, "epoch": 1, "score": 0.5}, {"step": 8, "epoch": 1, "score": 0.6}]
    for line in lines:
        run.append_metrics(line)
    run.drop_validation(5)
    assert [json.loads(line) for line in run.metrics.read_text().splitlines()] == [lines[0], lines[2]]
