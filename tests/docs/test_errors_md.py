"""`docs/errors.md` lists what the program can say: no more, no less."""

from __future__ import annotations

import re
from pathlib import Path

from centernet_cli.core.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
FAMILIES = "BUIPJXDZMEOTGR"


def codes_used():
    used: dict[str, Path] = {}
    for path in sorted((ROOT / "centernet_cli").rglob("*.py")):
        # In quotes, so that ruff's own codes in comments don't count.
        for code in re.findall(rf'"([{FAMILIES}][0-9]{{3}})[": ]', path.read_text(encoding="utf-8")):
            used.setdefault(code, path.relative_to(ROOT))
    return used


def codes_documented():
    return re.findall(r"^\| ([A-Z][0-9]{3}) \|", TEXT, flags=re.MULTILINE)


def test_every_code_is_documented():
    assert {code: str(path) for code, path in codes_used().items() if code not in codes_documented()} == {}


def test_every_documented_code_is_used():
    assert set(codes_documented()) - set(codes_used()) == set()


def test_no_code_is_documented_twice():
    assert len(codes_documented()) == len(set(codes_documented()))


def test_every_exit_code_is_documented():
    documented = {int(number) for number in re.findall(r"^\| ([0-9]+) \|", TEXT, flags=re.MULTILINE)}
    assert documented == {int(code) for code in ExitCode}
