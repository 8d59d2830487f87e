"""The newest part of the fleet's history, extended at each cycle by only what is new. Plain arithmetic on values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzer.data import Fleet, Host, Times, Values

_SAME_TIME_SECONDS = 1e-3


def extend(known: Fleet | None, news: Fleet, span_seconds: float) -> Fleet:
    """`news` laid over `known` on one grid, cut to the last `span_seconds`.

    Where both have a value the newer answer wins (late samples mend earlier gaps), where the newer has a gap the known
    value stays. Hosts that have no value left within the span are forgotten. What is known of times after the news is
    of a clock that was wrong since then.
    """
    if known is None or known.features != news.features:
        return _present(_cut(news, span_seconds))
    if len(news.times):
        known = _until(known, float(news.times[-1]))
    hosts = _merged_hosts(known.hosts, news.hosts)
    times = _merged_times(known.times, news.times)
    values = np.full((len(hosts), len(news.features), len(times)), np.nan, dtype=np.float32)
    for part in (known, news):
        rows = [_row(hosts, host.name) for host in part.hosts]
        columns = np.searchsorted(times, part.times - _SAME_TIME_SECONDS)
        _lay_over(values, rows, columns, part.values)
    return _present(_cut(Fleet(hosts, news.features, times, values), span_seconds))


def _lay_over(values: Values, rows: list[int], columns: npt.NDArray[np.intp], part: Values) -> None:
    for row, host_values in zip(rows, part, strict=True):
        values[row][:, columns] = np.where(np.isnan(host_values), values[row][:, columns], host_values)


def _merged_hosts(known: tuple[Host, ...], news: tuple[Host, ...]) -> tuple[Host, ...]:
    """The newer description of a host replaces the older; the order of first sight stays."""
    by_name = {host.name: host for host in known} | {host.name: host for host in news}
    return tuple(by_name.values())


def _row(hosts: tuple[Host, ...], name: str) -> int:
    return next(row for row, host in enumerate(hosts) if host.name == name)


def _merged_times(known: Times, news: Times) -> Times:
    times = np.union1d(known, news)
    keep = np.diff(times, prepend=-np.inf) > _SAME_TIME_SECONDS
    merged: Times = times[keep]
    return merged


def _cut(fleet: Fleet, span_seconds: float) -> Fleet:
    keep = fleet.times >= (fleet.times[-1] if len(fleet.times) else 0) - span_seconds - _SAME_TIME_SECONDS
    return Fleet(fleet.hosts, fleet.features, fleet.times[keep], np.ascontiguousarray(fleet.values[:, :, keep]))


def _until(fleet: Fleet, time: float) -> Fleet:
    keep = fleet.times <= time + _SAME_TIME_SECONDS
    return fleet if keep.all() else Fleet(fleet.hosts, fleet.features, fleet.times[keep], fleet.values[:, :, keep])


def _present(fleet: Fleet) -> Fleet:
    seen: npt.NDArray[np.bool_] = np.any(np.isfinite(fleet.values), axis=(1, 2))
    if seen.all():
        return fleet
    hosts = tuple(host for host, here in zip(fleet.hosts, seen, strict=True) if here)
    return Fleet(hosts, fleet.features, fleet.times, fleet.values[seen])
