from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from centernet_cli.datasets.disk_cache import ABANDONED, DiskCache

SHAPE = (300, 400, 3)  # 360 kB: two of them fit one megabyte

WRITER = """
import sys
from pathlib import Path
import numpy as np
from centernet_cli.datasets.disk_cache import DiskCache

folder, files = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
cache = DiskCache(folder, 1)
hits = 0
for turn in range(6):
    for number, file in enumerate(files):
        found = cache.get(file, None, (300, 400, 3))
        if found is None:
            cache.put(file, None, np.full((300, 400, 3), number, np.uint8))
        else:
            hits += 1
            assert (found == number).all(), "another's image, or half of one"
        assert sum(each.stat().st_size for each in folder.glob("*.npy") if each.exists()) <= 2**20
print(hits)
"""


def image(value: int) -> np.ndarray:
    return np.full(SHAPE, value, np.uint8)


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path in paths:
        path.write_bytes(b"an image")
    return paths


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def got(cache, path, shape=SHAPE) -> np.ndarray:
    found = cache.get(path, None, shape)
    assert found is not None
    return np.asarray(found)


def held(folder) -> int:
    return sum(each.stat().st_size for each in folder.iterdir())


def test_what_is_put_is_got_mapped_and_read_only(files, folder):
    cache = DiskCache(folder, 1)
    assert cache.get(files[0], None, SHAPE) is None
    cache.put(files[0], None, image(7))
    found = got(DiskCache(folder, 1), files[0])
    assert (found == 7).all()
    assert isinstance(found.base, np.memmap)
    assert not found.flags.writeable
    assert cache.get(files[0], 2, SHAPE) is None
    assert cache.get(files[0], None, (400, 300, 3)) is None


def test_images_that_are_not_contiguous(files, folder):
    cache = DiskCache(folder, 1)
    plain = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)
    for file, pixels in zip(files, (plain.T, plain.transpose(1, 0, 2), plain[::-1, ::2]), strict=False):
        cache.put(file, None, pixels)
        assert np.array_equal(got(cache, file, pixels.shape), pixels)


def test_a_changed_file_is_another(files, folder):
    cache = DiskCache(folder, 1)
    cache.put(files[0], None, image(7))
    os.utime(files[0], (1, 1))
    assert cache.get(files[0], None, SHAPE) is None
    files[0].unlink()
    assert cache.get(files[0], None, SHAPE) is None
    cache.put(files[0], None, image(7))
    assert len(list(folder.glob("*.npy"))) == 1


def test_bounded_and_what_nobody_used_for_longest_goes_first(files, folder):
    cache = DiskCache(folder, 1)
    for number in (0, 1):
        cache.put(files[number], None, image(number))
        time.sleep(0.01)  # file systems count time in steps
    assert cache.get(files[0], None, SHAPE) is not None
    time.sleep(0.01)
    cache.put(files[2], None, image(2))
    assert held(folder) <= 2**20
    assert cache.get(files[1], None, SHAPE) is None
    assert (got(cache, files[0]) == 0).all()
    assert (got(cache, files[2]) == 2).all()


def test_what_is_removed_stays_readable_for_those_who_have_it(files, folder):
    cache = DiskCache(folder, 1)
    cache.put(files[0], None, image(9))
    found = got(cache, files[0])
    for number in (1, 2, 3):
        cache.put(files[number], None, image(number))
    assert cache.get(files[0], None, SHAPE) is None
    assert (found == 9).all()


def test_larger_than_the_bound_is_not_kept(files, folder):
    for megabytes in (0, 1):
        cache = DiskCache(folder, megabytes)
        cache.put(files[0], None, np.zeros((1000, 1000, 3), np.uint8))
        assert not list(folder.glob("*.npy"))
        assert not list(folder.glob("*.tmp"))


@pytest.mark.parametrize("harm", ["empty", "short", "long", "text", "other", "folder"])
def test_what_is_broken_is_made_again(files, folder, harm):
    cache = DiskCache(folder, 1)
    cache.put(files[0], None, image(7))
    (entry,) = folder.glob("*.npy")
    data = entry.read_bytes()
    if harm == "folder":
        entry.unlink()
        entry.mkdir()
    elif harm == "other":
        np.save(entry, np.zeros(SHAPE))
    else:
        entry.write_bytes({"empty": b"", "short": data[:-1], "long": data + b"x", "text": b"no array"}[harm])
    assert cache.get(files[0], None, SHAPE) is None
    cache.put(files[0], None, image(8))
    if harm == "folder":
        assert cache.get(files[0], None, SHAPE) is None
    else:
        assert (got(cache, files[0]) == 8).all()
    assert not list(folder.glob("*.tmp"))


def test_what_a_killed_process_left_behind_goes(files, folder):
    cache = DiskCache(folder, 1)
    for name, age in ((".centernet-a.tmp", ABANDONED + 60), (".centernet-b.tmp", 0)):
        (folder / name).write_bytes(bytes(500_000))
        os.utime(folder / name, (time.time() - age,) * 2)
    cache.put(files[0], None, image(0))
    assert [each.name for each in folder.glob("*.tmp")] == [".centernet-b.tmp"]
    assert len(list(folder.glob("*.npy"))) == 1
    # Another's half-written file is not touched, even if nothing fits beside it.
    (folder / ".centernet-b.tmp").write_bytes(bytes(1_000_000))
    cache.put(files[1], None, image(1))
    assert (folder / ".centernet-b.tmp").exists()
    assert cache.get(files[1], None, SHAPE) is None


def test_two_processes_share_it(files, folder):
    command = [sys.executable, "-c", WRITER, str(folder), *map(str, files)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [each.communicate()[0] for each in running]
    assert [each.returncode for each in running] == [0, 0]
    assert all(text.strip().isdigit() for text in printed)
    assert held(folder) <= 2**20
    assert not list(folder.glob("*.tmp"))


def test_a_file_system_without_locks(files, folder, monkeypatch):
    class Lockless:
        def __init__(self, path) -> None:
            pass

        def __enter__(self):
            raise NotImplementedError("FileSystem does not appear to support flock")

        def __exit__(self, *_: object) -> None:
            raise AssertionError

    monkeypatch.setattr("filelock.FileLock", Lockless)
    cache = DiskCache(folder, 1)
    cache.put(files[0], None, image(7))
    assert (got(cache, files[0]) == 7).all()
