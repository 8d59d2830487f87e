"""A real filesystem that really fills: the forecast is right about when, before it happens."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analyzer.forecasters.series import forecast_series

SIZE_BYTES = 32 * 1024 * 1024
BYTES_PER_SECOND = 4 * 1024 * 1024
SAMPLE_SECONDS = 0.05
ASKED_SECONDS = 3.5


@pytest.fixture
def filesystem(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 32 MiB; skips where mounting is not allowed."""
    options = ["-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(tmp_path)]
    try:
        mounted = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if mounted.returncode != 0:
        pytest.skip(f"a filesystem can't be mounted here: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def used_ratio(path: Path) -> float:
    stat = os.statvfs(path)
    return 1 - stat.f_bavail / stat.f_blocks


def test_a_filling_filesystem_is_full_when_it_was_told_to_be(filesystem: Path) -> None:
    """The clock is the test's own: a busy machine would write late and be full later than was to be told."""
    times, ratios = [], []
    told: tuple[float, float, float] | None = None
    asked_at = full_at = now = 0.0
    with (filesystem / "fill").open("wb", buffering=0) as file:
        while not full_at:
            times.append(now)
            ratios.append(used_ratio(filesystem))
            if told is None and now > ASKED_SECONDS:
                outlook = forecast_series(
                    np.array(times), np.array(ratios), now + np.arange(1, 61) * 0.5, limit=1.0 - 1e-6
                )
                expected, soonest, latest = outlook.exhausted_in[0].tolist()
                told, asked_at = (expected, soonest, latest), now
            now += SAMPLE_SECONDS
            try:
                file.write(b"\0" * (round(now * BYTES_PER_SECOND) - file.tell()))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                full_at = now
    assert told is not None
    assert asked_at < full_at
    # 32 MiB at 4 MiB a second are eight seconds; three and a half have passed.
    assert told[0] == pytest.approx(full_at - asked_at, rel=0.15)
    assert told[1] <= told[0] <= told[2]
