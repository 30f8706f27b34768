from __future__ import annotations

import json
import math
import re
import signal
import sys
import time
from _thread import interrupt_main

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from centernet_cli.cli import console, main
from centernet_cli.cli.train_progress import ConsoleProgress
from centernet_cli.core.errors import ExitCode
from centernet_cli.losses.total import total_loss
from centernet_cli.training import loop

TINY = {
    "model": {"backbone": "mobilenet_v3_small", "neck_channels": 8, "head_channels": 8, "context_blocks": 0},
    "augment": {"photometric": 0.0, "degrade": 0.0},
    "optim": {"warmup_steps": 2},
    "train": {"epochs": 2, "batch_size": 2, "input": [96, 64], "page_size": 96, "precision": "fp32"},
}
NO_VALIDATION = ["--set", "data.val=[]", "--set", "data.holdout=0.0"]


@pytest.fixture(autouse=True)
def _handlers():
    """The program leaves its own SIGTERM handler behind."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def recipe(tmp_path):
    """A recipe on four pages of two documents, all of them also for validation."""
    folder = tmp_path / "pages"
    folder.mkdir()
    images, annotations = [], []
    for i in range(4):
        pixels = np.full((64, 96, 3), 255, np.uint8)
        x, y = 8 + 10 * i, 6 + 5 * i
        pixels[y : y + 20, x : x + 30] = 0
        Image.fromarray(pixels).save(folder / f"doc{'ab'[i % 2]}_p{i}.png")
        images.append({"id": i, "file_name": f"doc{'ab'[i % 2]}_p{i}.png", "width": 96, "height": 64})
        box = {"bbox": [x, y, 30, 20], "area": 600, "iscrowd": 0, "category_id": 1 + i % 2}
        annotations.append({"id": i + 1, "image_id": i, **box})
    categories = [{"id": 1, "name": "box"}, {"id": 2, "name": "stamp"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content))
    data = {"classes": ["box"], "train": [{"path": "pages"}], "val": [{"path": "pages"}]}
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump({"name": "tiny", "data": data, **TINY}))
    return path


def files(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_run_from_recipe_to_weights(recipe, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", str(recipe), "--out", str(out), "--device", "cpu"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{out / 'weights.safetensors'}\n"
    assert [name for name in files(out) if not name.startswith("plots/label_")] == [
        "batches/batch-1.jpg",
        "batches/batch-2.jpg",
        "card.md",
        "checkpoints/best.safetensors",
        "checkpoints/last.pt",
        "environment.json",
        "label_stats.json",
        "log.txt",
        "metrics.jsonl",
        "plots/calibration.svg",
        "plots/confusion.svg",
        "plots/learning_rate.svg",
        "plots/losses.svg",
        "plots/precision_recall.svg",
        "plots/scores.svg",
        "plots/thresholds.svg",
        "plots/validation.svg",
        "recipe.resolved.yaml",
        "report.html",
        *(f"validation/page-0{number}.jpg" for number in range(1, 5)),
        "weights.safetensors",
    ]
    assert (
        "source  train  boxes  empty pages  ignored areas  val  val boxes\n"
        "pages       4      2            2              0    4          2\n"
    ) in captured.err
    assert "boxes to learn from: box 2\n" in captured.err
    assert "warning: class 'box' has only 2 boxes to learn from" in captured.err
    assert "not used: 4 boxes labelled 'stamp'" in captured.err  # two for training, two for judging
    assert "mobilenet_v3_small + fpn" in captured.err
    assert "epoch 1: loss" in captured.err
    assert "epoch 2: loss" in captured.err
    assert "(maxDets 2000, threshold" in captured.err
    # Whether two epochs get anything right is a matter of the processor's last digits.
    assert ("best score" in captured.err) == (" best |" in captured.err)
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines if "score" in line] == [1, 2]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]  # all of them, since there are few
    assert json.loads((out / "label_stats.json").read_text())["train"] == {"pages": {"pages": 4, "box": 2}}
    card = (out / "card.md").read_text()
    assert "| pages | 4 | 2 |" in card
    assert "On 4 validation pages, of which 4 were trained on, " in card
    said = (out / "log.txt").read_text()
    assert "epoch 2: loss" in said
    assert "warning: class 'box'" in said
    page = (out / "report.html").read_text()
    assert len(re.findall(r'src="data:image/jpeg;base64', page)) == 2  # batches
    assert len(re.findall(r'<image id="picture-\d" href="data:image/jpeg;base64', page)) == 4  # validation pages
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    for words in (
        "Calibration",
        "Confusion",
        "Precision at recall",
        "Over thresholds",
        "Boxes of each class",
        "name: tiny",
    ):
        assert words in page
    # What it made can be used, and a finished run says so.
    assert main(["models", "show", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == ["box"]
    before = {name: (out / name).read_bytes() for name in files(out)}
    assert main(["train", "--resume", str(out)]) == 0
    said_again = capsys.readouterr().err
    assert "this run is finished (4 steps)" in said_again
    assert "train.epochs=12" in said_again
    del before["log.txt"]
    assert {name: (out / name).read_bytes() for name in before} == before
    # A report that is missing is written again, from the weights that were kept.
    (out / "report.html").unlink()
    assert main(["train", "--resume", str(out)]) == 0
    again = (out / "report.html").read_text()
    assert len(again) == pytest.approx(len(page), rel=0.02)


def test_rehearsal_writes_nothing(recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path)
    assert main(["train", str(recipe), "--dry-run", "--device", "cpu"]) == 0
    assert main(["train", str(recipe), "--dry-run", "--out", str(tmp_path / "pages"), "--device", "cpu"]) == 0
    assert files(tmp_path) == before
    assert not (tmp_path / "runs").exists()
    err = capsys.readouterr().err
    assert "4 steps of 2 samples" in err
    assert "2 validations of 4 pages" in err
    # Four pages of 96x64 pixels.
    assert re.search(
        r"^memory: about [\d,]+ MB at most, decoded pages up to 0 MB of it \(data.cache_mb\)$", err, re.MULTILINE
    )


def test_rehearsal_tells_of_a_time_budget(recipe, capsys):
    assert main(["train", str(recipe), "--dry-run", "--set", "train.hours=0.001", *NO_VALIDATION]) == 0
    err = capsys.readouterr().err
    assert "train.hours allows 0.001 h" in err
    assert "validations" not in err


def test_a_folder_that_is_not_empty_is_refused(recipe, tmp_path, capsys):
    before = files(tmp_path)
    assert main(["train", str(recipe), "--out", str(tmp_path / "pages")]) == ExitCode.OUTPUT
    assert f"{tmp_path / 'pages'}: O803" in capsys.readouterr().err
    assert files(tmp_path) == before


def test_runs_are_named_by_recipe_and_time(recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", str(recipe), "--device", "cpu", "--set", "train.epochs=1", *NO_VALIDATION]) == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.startswith("tiny-2")
    assert "no page is held out" in capsys.readouterr().err
    assert yaml.safe_load((run / "recipe.resolved.yaml").read_text())["train"]["epochs"] == 1


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, ExitCode.SIGINT), (signal.SIGTERM, ExitCode.SIGTERM)])
def test_interrupted_and_resumed(recipe, tmp_path, capsys, monkeypatch, signum, code):
    out = tmp_path / "run"

    class Impatient(ConsoleProgress):
        def step(self, terms, share, batches=1):
            super().step(terms, share, batches)
            interrupt_main(signum)

    with monkeypatch.context() as patched:
        patched.setattr("centernet_cli.cli.train_progress.ConsoleProgress", Impatient)
        assert main(["train", str(recipe), "--out", str(out)]) == code
    err = capsys.readouterr().err
    # The last word, and the only one.
    assert err.splitlines()[-1] == f"stopped after 1 steps; go on with: centernet train --resume {out}"
    assert main(["train", "--resume", str(out)]) == 0
    captured = capsys.readouterr()
    assert "going on after 1 steps, in epoch 1 of 2" in captured.err
    assert captured.out == f"{out / 'weights.safetensors'}\n"


def test_a_run_may_be_given_more_to_do(recipe, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", str(recipe), "--out", str(out), "--set", "train.epochs=1", *NO_VALIDATION]) == 0
    capsys.readouterr()
    # The finished run says so, without looking at the data.
    (tmp_path / "pages").rename(tmp_path / "elsewhere")
    assert main(["train", "--resume", str(out)]) == 0
    assert "this run is finished (2 steps)" in capsys.readouterr().err
    (tmp_path / "elsewhere").rename(tmp_path / "pages")
    assert main(["train", "--resume", str(out), "--set", "train.epochs=2"]) == 0
    err = capsys.readouterr().err
    assert "changed since the part before: train.epochs 1 -> 2" in err
    assert "going on after 2 steps, in epoch 2 of 2" in err
    assert yaml.safe_load((out / "recipe.resolved.yaml").read_text())["train"]["epochs"] == 2
    # What can't be changed is told of finished runs, too, and nothing is.
    before = (out / "recipe.resolved.yaml").read_bytes()
    assert main(["train", "--resume", str(out), "--set", "model.neck_channels=16"]) == ExitCode.MODEL
    assert re.search(
        r"recipe\.resolved\.yaml: M508 cannot be changed .*neck_channels \d+ -> 16", capsys.readouterr().err
    )
    assert (out / "recipe.resolved.yaml").read_bytes() == before


def test_a_run_whose_weights_are_gone_writes_them_again(recipe, tmp_path):
    out = tmp_path / "run"
    assert main(["train", str(recipe), "--out", str(out)]) == 0
    before = (out / "weights.safetensors").read_bytes()
    (out / "weights.safetensors").unlink()
    assert main(["train", "--resume", str(out)]) == 0
    assert (out / "weights.safetensors").read_bytes() == before


def test_divergence_has_an_exit_code(recipe, tmp_path, capsys, monkeypatch):
    def spoilt(*args):
        loss, terms = total_loss(*args)
        return loss * math.nan, terms

    monkeypatch.setattr("centernet_cli.training.step.total_loss", spoilt)
    out = tmp_path / "run"
    assert main(["train", str(recipe), "--out", str(out), "--set", "train.max_bad_steps=1"]) == ExitCode.DIVERGED
    assert f"{out}: T901 the loss is not finite for 2 steps in a row" in capsys.readouterr().err
    assert main(["train", str(recipe), "--dry-run"]) == ExitCode.DIVERGED


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], ExitCode.USAGE, "U115"),
        (["nothing.yaml"], ExitCode.RECIPE, "R301"),
        (["RECIPE", "--resume", "x"], ExitCode.USAGE, "U114"),
        (["--resume", "x", "--out", "y"], ExitCode.USAGE, "U114"),
        (["RECIPE", "--set", "train.epoch=3"], ExitCode.USAGE, "did you mean 'epochs'"),
        (["RECIPE", "--set", "train.input=[100, 64]"], ExitCode.USAGE, "train.input"),
        (["RECIPE", "--set", "augment.scale=[2.0, 1.0]"], ExitCode.USAGE, "augment.scale: two factors above 0"),
        (["RECIPE", "--set", "data.classes=[line]"], ExitCode.INPUT, "D035"),
        (["RECIPE", "--set", "model.pretrained=nowhere.pth"], ExitCode.MODEL, "M503"),
        (["RECIPE", "--set", "model.init=nowhere"], ExitCode.MODEL, "M501"),
        (["RECIPE", "--device", "abacus"], ExitCode.USAGE, "U702"),
        (["--resume", "nowhere"], ExitCode.MODEL, "M511"),
    ],
)
def test_what_cannot_be_done_is_told(recipe, tmp_path, capsys, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path)
    assert main(["train", *(str(recipe) if word == "RECIPE" else word for word in arguments)]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert files(tmp_path) == before


@pytest.mark.parametrize(("content", "code"), [(None, "M503"), (b"", "M509"), (b"\x80\x04 no checkpoint", "M509")])
def test_runs_that_cannot_be_resumed(recipe, tmp_path, capsys, content, code):
    out = tmp_path / "run"
    assert main(["train", str(recipe), "--out", str(out), "--set", "train.epochs=1"]) == 0
    last = out / "checkpoints" / "last.pt"
    last.unlink()
    if content is not None:
        last.write_bytes(content)
    capsys.readouterr()
    assert main(["train", "--resume", str(out)]) == ExitCode.MODEL
    assert f"{last}: {code}" in capsys.readouterr().err


def test_a_bad_page_is_named(recipe, tmp_path, capsys):
    (tmp_path / "pages" / "docb_p3.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    assert main(["train", str(recipe), "--out", str(tmp_path / "run")]) == ExitCode.INPUT
    assert "docb_p3.png: I10" in capsys.readouterr().err


def test_no_gpu(recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["train", str(recipe), "--device", "cuda", "--out", str(tmp_path / "run")]) == ExitCode.ENVIRONMENT
    assert "E701" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_quiet(recipe, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["-q", "train", str(recipe), "--out", str(out), "--set", "train.epochs=1"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out == f"{out / 'weights.safetensors'}\n"


def test_time_left_is_that_of_the_whole_run(monkeypatch, capsys):
    console.reset_verbosity()  # an earlier test may have asked for silence
    clock = [0.0]
    notes = []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = ConsoleProgress()
    progress.epoch(0, 2, 10, 0)
    assert progress._bar is not None
    monkeypatch.setattr(progress._bar, "advance", lambda _, note: notes.append(note))
    for i in range(3):
        clock[0] = 60.0 * i
        progress.step({"loss": 1.0}, 0.2 + 0.1 * i)
    progress.close()
    assert notes == ["loss 1.000", "7m00s to the end, loss 1.000", "6m00s to the end, loss 1.000"]
    # A validation takes as long as the steps did: the others will as well.
    clock[0] = 240.0
    progress.unjudged(1)
    assert capsys.readouterr().err == "epoch 1: loss 1.000 | 4m00s, 12m00s left\n"
    progress.unjudged(2)
    assert capsys.readouterr().err == "epoch 2: loss 1.000 | 4m00s\n"


def test_an_epoch_of_which_all_steps_were_done_before(capsys):
    # Stopped after the last step of an epoch, but before its end.
    console.reset_verbosity()  # an earlier test may have asked for silence
    progress = ConsoleProgress()
    progress.epoch(0, 2, 10, 10)
    progress.unjudged(1)
    assert "epoch 1: all steps done before | 0s\n" in capsys.readouterr().err


def test_stopped_is_no_ordinary_exception():
    # Nothing that catches what may go wrong may catch it.
    assert not issubclass(loop.Stopped, Exception)


def test_classes_that_the_first_model_has_not_are_named(recipe, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", str(recipe), "--out", str(out), "--set", "train.epochs=1", *NO_VALIDATION]) == 0
    capsys.readouterr()
    more = ["--set", "data.classes=[stamp,box]", "--set", f"model.init={out}", "--dry-run"]
    assert main(["train", str(recipe), *more]) == 0
    assert f"not in {out}, so their heads start afresh: stamp (taken over: box)\n" in capsys.readouterr().err
    assert main(["train", str(recipe), *more, "--set", "model.neck_channels=16"]) == 0
    assert "or of another shape:" in capsys.readouterr().err


def test_a_run_that_ended_before_its_first_checkpoint_begins_anew(recipe, tmp_path, capsys, monkeypatch):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert main(["train", str(recipe), "--out", str(whole)]) == 0
    with monkeypatch.context() as patched:
        # Killed between the first validation and the checkpoint after it.
        patched.setattr("centernet_cli.training.trainer.save_checkpoint", lambda *_: sys.exit(9))
        assert main(["train", str(recipe), "--out", str(cut)]) == 9
    assert (cut / "checkpoints" / "best.safetensors").is_file()
    capsys.readouterr()
    assert main(["train", "--resume", str(cut)]) == 0
    assert f"{cut}: ended before its first checkpoint, so the run begins anew\n" in capsys.readouterr().err
    for name in ("weights.safetensors", "checkpoints/best.safetensors"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    assert len((cut / "metrics.jsonl").read_text().splitlines()) == len(
        (whole / "metrics.jsonl").read_text().splitlines()
    )


@pytest.mark.parametrize("moment", ["weights", "report"])
def test_a_longer_run_that_is_killed_at_its_end_is_not_taken_for_finished(
    recipe, tmp_path, capsys, monkeypatch, moment
):
    out = tmp_path / "run"
    assert main(["train", str(recipe), "--out", str(out), "--set", "train.epochs=1", *NO_VALIDATION]) == 0
    before, report = (out / "weights.safetensors").read_bytes(), (out / "report.html").read_bytes()
    place = {"weights": "centernet_cli.training.finish.save_model", "report": "centernet_cli.cli.train_job.conclude"}
    with monkeypatch.context() as patched:
        patched.setattr(place[moment], lambda *_: sys.exit(9))
        assert main(["train", "--resume", str(out), "--set", "train.epochs=2"]) == 9
    capsys.readouterr()
    assert main(["train", "--resume", str(out)]) == 0
    assert ("this run is finished" in capsys.readouterr().err) == (moment == "report")
    assert (out / "weights.safetensors").read_bytes() != before
    assert (out / "report.html").read_bytes() != report
