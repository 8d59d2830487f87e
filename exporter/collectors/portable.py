"""psutil for the collectors that stand in for those of Linux on macOS and Windows. No collector by itself."""

from __future__ import annotations

import sys
from typing import Any


def psutil_module() -> Any:
    """psutil, imported where it is needed: Linux never has its memory."""
    import psutil  # noqa: PLC0415

    return psutil


def on_macos() -> bool:
    return sys.platform == "darwin"
