"""Where `.ci/parts` keeps what it fetches."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def kept(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all parts: in the user's cache, as XDG says where that is."""
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cdkit-parts"
