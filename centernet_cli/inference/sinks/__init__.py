"""Where predicted pages go, one by one: each format that `predict` writes is a `PageSink`."""

from __future__ import annotations
