from __future__ import annotations

import errno
import pickle
from pathlib import Path

import pytest
import torch

from centernet_cli.core.errors import ExitCode, ModelError, OutputError
from centernet_cli.training.checkpoint import VERSION, State, load_checkpoint, save_checkpoint


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def state(step: int = 5) -> State:
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return State(
        version=VERSION,
        recipe="name: x",
        model=dict(net.state_dict()),
        ema=None,
        optimizer=optimizer.state_dict(),
        scaler={},
        rng=torch.get_rng_state(),
        step=step,
        epoch=1,
        batch=2,
        seconds=1.5,
        best_score=0.5,
        best_epoch=1,
    )


def test_round_trip(tmp_path):
    before = state()
    save_checkpoint(before, tmp_path / "deep" / "last.pt")
    after = load_checkpoint(tmp_path / "deep" / "last.pt")
    assert {key: after[key] for key in ("step", "epoch", "batch", "seconds", "best_score", "recipe")} == {
        key: before[key] for key in ("step", "epoch", "batch", "seconds", "best_score", "recipe")
    }
    assert all(torch.equal(after["model"][name], value) for name, value in before["model"].items())
    assert torch.equal(after["rng"], before["rng"])
    assert torch.equal(after["optimizer"]["state"][0]["exp_avg"], before["optimizer"]["state"][0]["exp_avg"])


@pytest.mark.parametrize("function", ["os.fsync", "pathlib.Path.replace"])
def test_a_full_disk_leaves_the_one_before(tmp_path, monkeypatch, function):
    path = tmp_path / "last.pt"
    save_checkpoint(state(step=1), path)
    before = path.read_bytes()

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(function, full)
        with pytest.raises(OutputError, match="no space left") as caught:
            save_checkpoint(state(step=2), path)
    assert caught.value.exit_code == ExitCode.OUTPUT
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert load_checkpoint(path)["step"] == 1


def test_missing(tmp_path):
    with pytest.raises(ModelError, match="M503"):
        load_checkpoint(tmp_path / "last.pt")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated(tmp_path, share):
    path = tmp_path / "last.pt"
    save_checkpoint(state(), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelError, match=r"last\.pt: M509") as caught:
        load_checkpoint(path)
    assert caught.value.exit_code == ExitCode.MODEL
    assert "\n" not in str(caught.value)


def test_code_is_not_run(tmp_path):
    path, proof = tmp_path / "last.pt", tmp_path / "exploded"
    path.write_bytes(pickle.dumps(Bomb(proof)))
    with pytest.raises(ModelError, match="M509"):
        load_checkpoint(path)
    torch.save({**state(), "ema": Bomb(proof)}, path)
    with pytest.raises(ModelError, match="M509"):
        load_checkpoint(path)
    assert not proof.exists()


@pytest.mark.parametrize("content", [[1, 2], {"model": {}}, {**state(), "version": VERSION + 1}, torch.zeros(2)])
def test_checkpoints_of_others(tmp_path, content):
    torch.save(content, tmp_path / "last.pt")
    with pytest.raises(ModelError, match="M510"):
        load_checkpoint(tmp_path / "last.pt")
