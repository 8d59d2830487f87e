"""Keeps the process small: what libraries import for others' sake, and what the allocator holds back."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module

# mallopt(3)'s parameters, from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# What comes straight from the system is zeroed, page by page, each time: arithmetic on arrays that all do takes up to
# three times as long. So only what is huge does, and so much that was freed is kept for the next array.
_HUGE_BYTES, _KEPT_BYTES = 16 * 2**20, 64 * 2**20

# Libraries of linear algebra read these when they are loaded.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def one_thread_each() -> None:
    """Small matrices gain nothing from threads of their own, and wait for them where other work has the cores.

    A product of a look-back took six times as long beside two busy processes. Who has set them knows better.
    """
    for name, count in ONE_THREAD.items():
        os.environ.setdefault(name, count)


@contextmanager
def unimported(name: str) -> Iterator[None]:
    """Imports within can't have the module; they must be able to do without it, as ImportError tells them.

    scikit-learn, for one, imports pandas only to recognise its tables: 30 MB in a process that gives it none.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # Python's own way to say: there is none
    try:
        yield
    finally:
        del sys.modules[name]


def import_lean(modules: Iterable[str]) -> None:
    """Import them, and no pandas for their sake."""
    with unimported("pandas"):
        for name in modules:
            import_module(name)


def hold_little() -> bool:
    """Tell glibc to keep less for itself, before any thread starts. False elsewhere.

    Two arenas serve all threads, huge blocks go back to the system with their array, the rest with `give_back`.
    """
    options = ((_ARENA_MAX, 2), (_MMAP_THRESHOLD, _HUGE_BYTES), (_TRIM_THRESHOLD, _KEPT_BYTES))
    try:
        library = ctypes.CDLL("libc.so.6")
        return all(library.mallopt(option, value) for option, value in options)
    except (OSError, AttributeError):
        return False


def keep_for_good() -> None:
    """What was imported stays: looking through 200,000 objects of it for garbage took a tenth of a second each time."""
    gc.collect()
    gc.freeze()


def give_back() -> bool:
    """Ask glibc to return freed memory to the system, after work that needed much of it. False elsewhere."""
    try:
        return bool(ctypes.CDLL("libc.so.6").malloc_trim(0))
    except (OSError, AttributeError):
        return False
