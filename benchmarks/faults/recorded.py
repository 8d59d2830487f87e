"""The features in quiet time and in each fault, kept in files, so that they can be judged again.

One `.npz` each: `features`, `times`, `values`, and when the analyzer had `learned` the host and the fault `began`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from analyzer.data import Feature, Frame, Window
from analyzer.features import load_features
from analyzer.sources.prometheus import PrometheusSource

QUIET = "quiet time"
STEP = timedelta(seconds=1)


@dataclass(frozen=True)
class Recording:
    """A stretch of one host's life, when the analyzer had learned the host in it, and when a fault began."""

    name: str
    frame: Frame
    learned: float
    began: float


def record(prometheus: str, name: str, begin: float, learned: float, began: float, folder: Path) -> None:
    """What Prometheus has from `begin` until now."""
    frame = asyncio.run(fetched(prometheus, begin, load_features()))
    path = folder / f"{name.replace(' ', '-')}.npz"
    known = {"features": np.array(frame.features), "times": frame.times, "values": frame.values}
    np.savez_compressed(path, allow_pickle=False, **known, learned=np.array(learned), began=np.array(began))


async def fetched(prometheus: str, begin: float, catalogue: tuple[Feature, ...]) -> Frame:
    source = PrometheusSource(catalogue, prometheus, 'job="node"', scrape_interval_seconds=1.0)
    try:
        now = datetime.now(UTC)
        fleet = (await source.fetch(Window.ending(now, timedelta(seconds=now.timestamp() - begin), STEP))).fleet
    finally:
        await source.close()
    return fleet.frame(fleet.hosts[0].name)


def recordings(folder: Path) -> dict[str, Recording]:
    """All that a run recorded, by the fault's name."""
    return {recording.name: recording for recording in map(read, sorted(folder.glob("*.npz")))}


def read(path: Path) -> Recording:
    with np.load(path) as kept:
        frame = Frame("host", tuple(map(str, kept["features"])), kept["times"], kept["values"])
        return Recording(path.stem.replace("-", " "), frame, float(kept["learned"]), float(kept["began"]))
