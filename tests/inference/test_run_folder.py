from __future__ import annotations

import json

import pytest

from centernet_cli.core.errors import OutputError
from centernet_cli.inference.fs_folder import listing, read_bytes, write_bytes
from centernet_cli.inference.fs_paths import InputFile
from centernet_cli.inference.run_folder import ledger_of, prepare_folder

OPTIONS = {"model": ["abc"], "threshold": None}
A, B, C = (InputFile(f"/in/{name}.png", f"/in/{name}.png|1|1") for name in "abc")
FIRST, SECOND, THIRD = (f"part-{digit * 16}" for digit in "123")


@pytest.fixture(params=["local", "memory"])
def out(request, tmp_path):
    return str(tmp_path / "out") if request.param == "local" else f"memory://{tmp_path.name}/out"


def part(out: str, name: str, *files: InputFile, ledger: bool = True, failures: int = 0) -> None:
    write_bytes(out, f"{name}.jsonl", b"{}\n")
    if ledger:
        entry = {
            "files": [file.identity for file in files],
            "pages": len(files),
            "boxes": {"line": 2},
            "failures": [{}] * failures,
        }
        write_bytes(ledger_of(out), f"{name}.json", json.dumps(entry).encode())


def parts(out: str) -> list[str]:
    return [name for name in listing(out) if name != "_ledger"]


def begin(out: str, *files: InputFile, resume: bool = True, force: bool = False, **options: object) -> list[InputFile]:
    return prepare_folder(files, out, OPTIONS | options, resume=resume, force=force).files


def test_nothing_is_there(out):
    assert begin(out, A, B, resume=False) == [A, B]
    assert listing(ledger_of(out)) == ["run.json"]


def test_what_is_done_is_left_out_and_counted(out):
    begin(out, A, B, C)
    part(out, FIRST, A, B, failures=1)
    left = prepare_folder([A, B, C], out, OPTIONS, resume=True, force=False)
    assert (left.files, left.done, left.pages, left.failed, left.boxes["line"]) == ([C], 2, 2, 1, 2)
    assert parts(out) == [f"{FIRST}.jsonl"]
    # Parts of other files stay, but aren't counted.
    left = prepare_folder([C], out, OPTIONS, resume=True, force=False)
    assert (left.files, left.done, left.pages) == ([C], 0, 0)


def test_only_own_leftovers_are_deleted(out):
    begin(out, A)
    part(out, FIRST, A, ledger=False)
    for name in ("part-2.jsonl", "part-1.parquet", "boxes.jsonl", f".{FIRST}.jsonl.0123abcd.tmp"):
        write_bytes(out, name, b"mine")
    write_bytes(ledger_of(out), f"{FIRST}.tries", b"{}")
    assert begin(out, A) == [A]
    assert parts(out) == ["boxes.jsonl", "part-1.parquet", "part-2.jsonl"]
    assert listing(ledger_of(out)) == ["run.json"]


def test_a_folder_of_somebody_else_is_left_alone(out):
    write_bytes(out, f"{FIRST}.jsonl", b"mine")
    assert begin(out, A) == [A]
    assert parts(out) == [f"{FIRST}.jsonl"]


@pytest.mark.parametrize(
    ("resume", "options", "hint"), [(True, {"threshold": 0.5}, "threshold"), (False, {}, "--resume goes on")]
)
def test_results_are_not_mixed_or_replaced_unasked(out, resume, options, hint):
    begin(out, A, B)
    part(out, FIRST, A)
    with pytest.raises(OutputError, match=hint) as caught:
        begin(out, A, B, resume=resume, **options)
    assert caught.value.code == "O803"
    assert parts(out) == [f"{FIRST}.jsonl"]
    assert begin(out, A, B, resume=resume, force=True, **options) == [A, B]
    assert parts(out) == []
    assert listing(ledger_of(out)) == ["run.json"]


def test_force_with_resume_keeps_what_fits(out):
    begin(out, A, B)
    part(out, FIRST, A)
    assert begin(out, A, B, force=True) == [B]


def test_other_options_before_anything_was_done_are_no_problem(out):
    begin(out, A)
    assert begin(out, A, threshold=0.5) == [A]


def test_a_file_that_has_changed_is_not_there_twice(out):
    begin(out, A, B, C)
    part(out, FIRST, A, B)
    part(out, SECOND, C)
    changed = InputFile(A.name, "/in/a.png|2|2")
    assert begin(out, changed, B, C) == [changed, B]
    assert parts(out) == [f"{SECOND}.jsonl"]


def test_parts_that_share_a_file_are_not_both_kept(out):
    begin(out, A, B, C)
    part(out, FIRST, A, B)
    part(out, SECOND, B, C)
    assert begin(out, A, B, C) == [C]
    assert parts(out) == [f"{FIRST}.jsonl"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"files": [1]}', b'{"files": ["a"], "pages": {}}', b"\xff"])
def test_a_damaged_entry_means_that_its_part_is_done_again(out, content):
    begin(out, A, B)
    part(out, FIRST, A)
    part(out, SECOND, B)
    write_bytes(ledger_of(out), f"{FIRST}.json", content)
    assert begin(out, A, B) == [A]
    assert parts(out) == [f"{SECOND}.jsonl"]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"version": 99, "options": {}}'])
def test_a_damaged_header_is_not_gone_on_with(out, content):
    begin(out, A)
    part(out, THIRD, A)
    if content is None:
        from centernet_cli.inference.fs_folder import remove

        remove(ledger_of(out), ["run.json"])
    else:
        write_bytes(ledger_of(out), "run.json", content)
    with pytest.raises(OutputError) as caught:
        begin(out, A)
    assert caught.value.code == "O803"
    assert parts(out) == [f"{THIRD}.jsonl"]
    assert begin(out, A, force=True) == [A]
    header = read_bytes(ledger_of(out), "run.json")
    assert header is not None
    assert json.loads(header)["options"] == OPTIONS
