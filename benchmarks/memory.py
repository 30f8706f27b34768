"""Memory of `centernet predict` over many pages, on Linux: does it grow?

    python benchmarks/memory.py --pages 2000 --size 320

Makes a PDF whose pages are those of sample_docs over and over, in a few sizes, predicts it, and looks at the resident
memory of the process and its children ten times a second (what they share counts once for each). Tells the median of
the second and of the last quarter of the time, and the peak, in MB; the first quarter holds the start.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pikepdf

SAMPLES = Path(__file__).resolve().parents[1] / "sample_docs"
SECONDS = 0.1


def make_pdf(path: Path, pages: int) -> None:
    """Write a PDF of so many pages: those of the sample documents in turn, some of them turned."""
    with pikepdf.new() as document:
        sources = [pikepdf.open(file) for file in sorted(SAMPLES.glob("*.pdf"))]
        there = [page for source in sources for page in source.pages]
        for page in there:
            document.pages.append(page)
        for number in range(len(there), pages):
            document.pages.append(document.pages[number % len(there)])
            if number % 7 == 0:
                document.pages[-1].rotate(90, relative=True)
        while len(document.pages) > pages:
            del document.pages[-1]
        document.save(path)


def resident(root: int) -> int:
    """Return the resident bytes of a process and its children."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if root in {int(folder.name), parent}:
                total += int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            continue
    return total


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--size", default="320", help="as of `centernet predict`; small ones are quick")
    parser.add_argument("--model", default="lines")
    parser.add_argument("options", nargs="*", help="more of `centernet predict`, after --")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        document, out = Path(folder) / "many.pdf", Path(folder) / "boxes.json"
        make_pdf(document, chosen.pages)
        command = [sys.executable, "-m", "centernet_cli", "-q", "predict", str(document), "--out", str(out)]
        command += ["--size", chosen.size, "--model", chosen.model, *chosen.options]
        start, seen = time.monotonic(), []
        with subprocess.Popen(command) as process:
            while process.poll() is None:
                seen.append(resident(process.pid) / 1e6)
                time.sleep(SECONDS)
        if process.returncode:
            sys.exit(process.returncode)
        quarter = max(1, len(seen) // 4)
        print(f"{chosen.pages} pages in {time.monotonic() - start:.0f} s, boxes.json {out.stat().st_size / 1e6:.0f} MB")
    early, late = statistics.median(seen[quarter : 2 * quarter]), statistics.median(seen[-quarter:])
    print(f"MB in the second quarter {early:.0f}, in the last {late:.0f}, at most {max(seen):.0f}")


if __name__ == "__main__":
    main()
