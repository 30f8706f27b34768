from __future__ import annotations

import collections
import pickle
from pathlib import Path

import pytest
import torch

from centernet_cli.core.errors import ExitCode, ModelError
from centernet_cli.models.checkpoint_file import read_tensors


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def tensors():
    return {"a.weight": torch.arange(6.0).reshape(2, 3), "a.num_batches_tracked": torch.tensor(7)}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("bare", [True, False])
def test_what_is_read(tmp_path, zipped, prefix, bare):
    state = collections.OrderedDict((prefix + name, value) for name, value in tensors().items())
    optimizer = {"state": {0: {"step": 3, "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 1e-4, "params": [0]}]}
    value = state if bare else {"epoch": 140, "state_dict": state, "optimizer": optimizer}
    torch.save(value, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    found = read_tensors(tmp_path / "x.pth")
    assert list(found) == list(tensors())
    assert all(torch.equal(found[name], value) for name, value in tensors().items())


def write(folder: Path, kind: str) -> Path:
    path = folder / "x.pth"
    whole = folder / "whole"
    torch.save(tensors(), whole)
    data = whole.read_bytes()
    values = {
        "code in a checkpoint": {"state_dict": tensors(), "epoch": Bomb(folder / "exploded")},
        "empty": {},
        "empty state": {"epoch": 1, "state_dict": {}},
        "a list": [torch.zeros(1)],
        "a tensor": torch.zeros(3),
        "numbers": {"a": 1, "b": 2},
        "names that are numbers": {1: torch.zeros(1)},
        "nested": {"model": tensors()},
        "twice": {**tensors(), "module.a.weight": torch.zeros(1)},
        "sparse": {"a": torch.eye(3).to_sparse()},
        "without storage": {"a": torch.zeros(3, device="meta")},
    }
    raw = {
        "nothing": b"",
        "text": b"<html>Quota exceeded</html>",
        "truncated": data[: len(data) // 2],
        "truncated late": data[:-10],
        "zeros": bytes(1000),
        "code": pickle.dumps(Bomb(folder / "exploded"), protocol=2),
        "plain pickle": pickle.dumps([1, 2], protocol=2),
    }
    if kind in raw:
        path.write_bytes(raw[kind])
    else:
        torch.save(values[kind], path)
    return path


HOSTILE = (
    *("code in a checkpoint", "empty", "empty state", "a list", "a tensor", "numbers", "names that are numbers"),
    *("nested", "twice", "sparse", "without storage"),
    *("nothing", "text", "truncated", "truncated late", "zeros", "code", "plain pickle"),
)


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_refused(tmp_path, kind):
    path = write(tmp_path, kind)
    with pytest.raises(ModelError) as caught:
        read_tensors(path)
    assert (caught.value.code, caught.value.exit_code) == ("M512", ExitCode.MODEL)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value), "torch's advice is to run the code"
    assert not (tmp_path / "exploded").exists()


def test_code_is_named(tmp_path):
    # How pickle writes a method of a class: `getattr(Path, "touch")`.
    with pytest.raises(ModelError, match="it wants to run getattr"):
        read_tensors(write(tmp_path, "code in a checkpoint"))


@pytest.mark.parametrize("name", ["nowhere.pth", "."])
def test_no_file(tmp_path, name):
    with pytest.raises(ModelError, match="M503 no such file"):
        read_tensors(tmp_path / name)
