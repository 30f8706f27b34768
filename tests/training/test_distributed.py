from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from centernet_cli.core.errors import MissingRequirementError
from centernet_cli.core.recipe_file import recipe_to_yaml
from centernet_cli.training.checkpoint import load_checkpoint
from centernet_cli.training.distributed import Group, connected, group_of
from centernet_cli.training.loop import train
from centernet_cli.training.progress import Progress
from centernet_cli.training.run_dir import RunDir

PROGRAM = """
import sys
from pathlib import Path
import torch
from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.training.distributed import connected, group_of
from centernet_cli.training.loop import prepare, train
from centernet_cli.training.progress import Progress
from centernet_cli.training.run_dir import RunDir

recipe, run = load_recipe(Path(sys.argv[1])), RunDir(Path(sys.argv[2]))
group, device = group_of(), torch.device("cpu")
assert group.world == 2
with connected(group, device):
    trainer = prepare(recipe, run, device, group=group)
    trainer.network.eval().train = lambda mode=True: trainer.network
    if group.leads:
        run.create(recipe)
    train(trainer, Progress())
    trainer.group.tell(None)
    torch.save(trainer.network.state_dict(), f"{sys.argv[2]}-{group.rank}.pt")
"""


def torchrun(*words: str, processes: int = 2, options: tuple[str, ...] = ()) -> list[str]:
    launcher = (sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}")
    return [*launcher, *options, *words]


def quiet() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


def test_a_process_that_is_alone():
    group = group_of({})
    assert group == Group()
    assert group.leads
    assert group.share([1, 2, 3]) == [1, 2, 3]
    assert group.collect([1, 2]) == [1, 2]
    assert group.tell("x") == "x"
    assert group.largest(1.0, -2.0) == [1.0, -2.0]
    assert group.total(torch.ones(2)).tolist() == [1, 1]
    with connected(group, torch.device("cpu")):
        assert not torch.distributed.is_initialized()


def test_what_torchrun_says():
    told = {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1"}
    assert group_of(told) == Group(5, 8, 1)
    assert group_of({**told, "TORCHELASTIC_RESTART_COUNT": "2"}) == Group(5, 8, 1, 2)
    assert group_of({**told, "WORLD_SIZE": "1", "TORCHELASTIC_RESTART_COUNT": "2"}) == Group(restarts=2)
    assert group_of({"WORLD_SIZE": "8"}) == Group()


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shares_are_everything_once(count):
    parts = [Group(rank, 3).share(range(count)) for rank in range(3)]
    assert sorted(number for part in parts for number in part) == list(range(count))


def test_faults_of_the_program_are_not_taken_for_lost_processes():
    with pytest.raises(RuntimeError, match="a bug"), connected(Group(), torch.device("cpu")):
        raise RuntimeError("a bug")


def test_synchronised_normalisation_needs_gpus(pages, recipe_for, start):
    with pytest.raises(MissingRequirementError, match="E715"):
        start(recipe_for(pages, train={"sync_bn": True}))


@pytest.mark.timeout(600)
def test_two_processes_learn_what_one_does(tmp_path, draw_pages, recipe_for, start):
    """Seven pages in batches of three: the last batch has one sample, and the second process nothing to do."""
    pages = draw_pages(tmp_path / "pages", [f"{letter}.png" for letter in "abcdefg"])
    recipe = recipe_for(
        pages,
        data={"val": [{"path": str(pages)}]},
        optim={"name": "sgd", "lr": 0.01, "clip_norm": None},
        train={"epochs": 2, "batch_size": 3, "accumulate": 2, "seed": 5},
    )
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_to_yaml(recipe))
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    run = RunDir(tmp_path / "two")
    done = subprocess.run(
        torchrun(str(program), str(path), str(run.root)), capture_output=True, text=True, timeout=560, env=quiet()
    )
    assert done.returncode == 0, done.stderr

    alone = start(recipe, "one")
    # Normalisation is each process's own, so it is left out of the comparison.
    alone.network.eval().train = lambda mode=True: alone.network  # noqa: ARG005
    before = {name: value.clone() for name, value in alone.network.state_dict().items()}
    train(alone, Progress())
    expected = alone.network.state_dict()
    first, second = (torch.load(f"{run.root}-{rank}.pt", weights_only=True) for rank in range(2))
    moved = 0
    for name, value in expected.items():
        assert torch.equal(first[name], second[name]), name
        if value.dtype.is_floating_point:
            change, wanted = first[name] - before[name], value - before[name]
            noise = 1e-6 * float(before[name].norm())
            assert float((change - wanted).norm()) <= 0.01 * float(wanted.norm()) + noise, name
            moved += float(wanted.norm()) > 100 * noise
    assert moved > 20  # or all this would say nothing
    # Each page is judged once, and one process alone writes.
    two, one = ([json.loads(line) for line in place.metrics.read_text().splitlines()] for place in (run, alone.run))
    assert [(line["step"], line["epoch"]) for line in two] == [(line["step"], line["epoch"]) for line in one]
    two, one = ([line for line in lines if "score" in line] for lines in (two, one))
    assert len(two) == len(one) == 2
    for line, wanted in zip(two, one, strict=True):
        assert line["score"] == pytest.approx(wanted["score"], abs=1e-3)
        assert line["ap"] == pytest.approx(wanted["ap"], abs=1e-3)
    state = load_checkpoint(run.last)
    assert (state["step"], state["epoch"]) == (4, 2)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_process_that_dies_is_started_again(tmp_path, draw_pages, recipe_for):
    pages = draw_pages(tmp_path / "pages", [f"{letter}.png" for letter in "abcdefg"])
    recipe = recipe_for(pages, train={"epochs": 2, "batch_size": 2, "checkpoint_minutes": 1e-9})
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_to_yaml(recipe))
    # The second process kills itself in its fifth step, the first time.
    (tmp_path / "sitecustomize.py").write_text(
        "import os\n"
        "dies = os.environ.get('RANK') == '1' and os.environ.get('TORCHELASTIC_RESTART_COUNT') == '0'\n"
        "if dies and 'DEATH' in os.environ:\n"
        "    import centernet_cli.training.loop as loop\n"
        "    real, steps = loop.training_step, []\n"
        "    def dying(*args):\n"
        "        steps.append(1)\n"
        "        if len(steps) == 5:\n"
        "            os.kill(os.getpid(), 9)\n"
        "        return real(*args)\n"
        "    loop.training_step = dying\n"
    )
    weights = []
    for name, extra in (("whole", {}), ("cut", {"DEATH": "1", "PYTHONPATH": str(tmp_path)})):
        command = torchrun(
            "-m", "centernet_cli", "train", str(path), "--out", str(tmp_path / name), options=("--max-restarts=1",)
        )
        done = subprocess.run(command, capture_output=True, text=True, timeout=560, env={**quiet(), **extra})
        assert done.returncode == 0, done.stderr
        assert ("going on after 4 steps" in done.stderr) == (name == "cut"), done.stderr
        weights.append((tmp_path / name / "weights.safetensors").read_bytes())
        assert done.stdout.splitlines() == [str(tmp_path / name / "weights.safetensors")]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_several_processes_need_one_run_folder(tmp_path):
    done = subprocess.run(
        torchrun("-m", "centernet_cli", "train", "smoke"),
        capture_output=True,
        text=True,
        timeout=120,
        env=quiet(),
        cwd=tmp_path,
    )
    assert done.returncode != 0
    assert "U116" in done.stderr
    assert list(Path(tmp_path).iterdir()) == []
