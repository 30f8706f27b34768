"""pycocotools' evaluator with its slowest step made fast for pages of hundreds of boxes.

pycocotools compares every detection with every truth in Python, for each of ten IoUs: minutes for a newspaper. Few of
these pairs overlap at all. Only the matching of one page is replaced here; overlaps, precision and recall stay with
pycocotools, and a test compares the outcome with the original number by number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pycocotools.cocoeval import COCOeval

from centernet_cli.evaluation.matching import IGNORED, MISSED, match, overlaps_of_matrix


class SparseCOCOeval(COCOeval):  # type: ignore[misc]
    """COCOeval for boxes that matches the pairs that overlap enough only."""

    def evaluateImg(  # noqa: N802 (the name is pycocotools')
        self, image: int, category: int, area_range: list[float], max_dets: int
    ) -> dict[str, Any] | None:
        """Match one class on one page; returns what `accumulate` reads."""
        truth, found = self._gts[image, category], self._dts[image, category]
        if not truth and not found:
            return None
        order = np.argsort([-item["score"] for item in found], kind="mergesort")[:max_dets]
        found = [found[index] for index in order]
        low, high = area_range
        inside = np.array([low <= item["area"] <= high for item in truth], dtype=np.bool_)
        crowd = np.array([bool(item["iscrowd"]) for item in truth], dtype=np.bool_)
        if not (inside | crowd).all():
            msg = "only the area range that holds everything is implemented"
            raise NotImplementedError(msg)
        thresholds = self.params.iouThrs
        iou = np.asarray(self.ious[image, category], dtype=np.float64).reshape(len(found), len(truth))
        pairs = overlaps_of_matrix(iou, crowd, min(thresholds))
        status = np.stack([match(pairs, threshold) for threshold in thresholds])
        return {
            "dtScores": [item["score"] for item in found],
            "dtMatches": status != MISSED,
            "dtIgnore": status == IGNORED,
            "gtIgnore": crowd,
        }
