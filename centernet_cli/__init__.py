"""Find text lines and page regions on scans, photographs and PDFs: a CenterNet for documents."""

from __future__ import annotations

__version__ = "0.1.0.dev0"
