"""The user's cache folder: what can be made again at any time."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "CENTERNET_CACHE"


def cache_folder() -> Path:
    """Return the folder, which need not exist: `CENTERNET_CACHE`, else where the system keeps a user's caches."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("centernet", appauthor=False)
