"""The newest part of the fleet's history, extended at each cycle by only what is new. Plain arithmetic on values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzer.data import Fleet, Host, Times, Values

_SAME_TIME_SECONDS = 1e-3
# Two histories of so many bytes would be felt in a small machine's memory: the one there is, is written over.
LARGE_BYTES = 64 * 2**20

Places = npt.NDArray[np.intp]


def extend(known: Fleet | None, news: Fleet, span_seconds: float, large_bytes: int = LARGE_BYTES) -> Fleet:
    """`news` laid over `known` on one grid, cut to the last `span_seconds`.

    Where both have a value the newer answer wins (late samples mend earlier gaps), where the newer has a gap the known
    value stays. Hosts that have no value left within the span are forgotten. What is known of times after the news is
    of a clock that was wrong since then. `known` is not to be used any more: `large_bytes` of it are written over.
    """
    if known is None or known.features != news.features:
        return _present(_cut(news, span_seconds))
    if len(news.times):
        known = _until(known, float(news.times[-1]))
    hosts = _merged_hosts(known.hosts, news.hosts)
    times = _merged_times(known.times, news.times)
    times = times[times >= _oldest(times, span_seconds)]
    place = {host.name: row for row, host in enumerate(hosts)}
    if known.values.nbytes >= large_bytes and len(hosts) == len(known.hosts) and len(times) == len(known.times):
        values, parts = _moved_on(known, times), [news]
    else:
        values = np.full((len(hosts), len(news.features), len(times)), np.nan, dtype=np.float32)
        parts = [known, news]
    for part in parts:
        first = int(np.searchsorted(part.times, times[0] - _SAME_TIME_SECONDS)) if len(times) else 0
        rows = np.array([place[host.name] for host in part.hosts], np.intp)
        columns = np.searchsorted(times, part.times[first:] - _SAME_TIME_SECONDS)
        _lay_over(values, rows, columns, part.values[:, :, first:])
    return _present(Fleet(hosts, news.features, times, values))


def _moved_on(known: Fleet, times: Times) -> Values:
    """What is known in its place among these times, as many as there were; gaps where it knows nothing."""
    first = int(np.searchsorted(known.times, times[0] - _SAME_TIME_SECONDS))
    where = _run(np.searchsorted(times, known.times[first:] - _SAME_TIME_SECONDS))
    for row in known.values:
        here = row[:, first:].copy()
        row[:] = np.nan
        row[:, where] = here
    return known.values


def _run(columns: Places) -> slice | Places:
    """As a slice where they are one: that is copied faster."""
    whole = len(columns) > 0 and columns[-1] - columns[0] + 1 == len(columns)
    return slice(columns[0], columns[-1] + 1) if whole else columns


def _lay_over(values: Values, rows: Places, columns: Places, part: Values) -> None:
    """A host at a time: a copy of the whole fleet's history would be felt."""
    where = _run(columns)
    for row, new in zip(rows.tolist(), part, strict=True):
        old = values[row]
        old[:, where] = np.where(np.isnan(new), old[:, where], new)


def _merged_hosts(known: tuple[Host, ...], news: tuple[Host, ...]) -> tuple[Host, ...]:
    """The newer description of a host replaces the older; the order of first sight stays."""
    by_name = {host.name: host for host in known} | {host.name: host for host in news}
    return tuple(by_name.values())


def _merged_times(known: Times, news: Times) -> Times:
    times = np.union1d(known, news)
    keep = np.diff(times, prepend=-np.inf) > _SAME_TIME_SECONDS
    merged: Times = times[keep]
    return merged


def _cut(fleet: Fleet, span_seconds: float) -> Fleet:
    keep = fleet.times >= _oldest(fleet.times, span_seconds)
    if keep.all():
        return fleet
    return Fleet(fleet.hosts, fleet.features, fleet.times[keep], np.ascontiguousarray(fleet.values[:, :, keep]))


def _oldest(times: Times, span_seconds: float) -> float:
    return float(times[-1]) - span_seconds - _SAME_TIME_SECONDS if len(times) else 0.0


def _until(fleet: Fleet, time: float) -> Fleet:
    keep = fleet.times <= time + _SAME_TIME_SECONDS
    return fleet if keep.all() else Fleet(fleet.hosts, fleet.features, fleet.times[keep], fleet.values[:, :, keep])


def _present(fleet: Fleet) -> Fleet:
    seen = np.asarray(fleet.seen().any(axis=1))
    if seen.all():
        return fleet
    hosts = tuple(host for host, here in zip(fleet.hosts, seen, strict=True) if here)
    return Fleet(hosts, fleet.features, fleet.times, fleet.values[seen])
