"""OpenVINO without its conversion tools, which report every import to their maker and take as long as all the rest."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

TOOLS = "openvino.tools.ovc"


def load_openvino() -> Any:
    """Import OpenVINO; it does without its tools if they cannot be imported, and so they can't be for that moment."""
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    blocked = TOOLS not in sys.modules
    if blocked:
        sys.modules[TOOLS] = None  # type: ignore[assignment]
    try:
        return import_module("openvino")
    finally:
        if blocked:
            del sys.modules[TOOLS]
