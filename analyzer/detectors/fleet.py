"""The models of all hosts, and the scores of what is new: a step costs its own arithmetic, whatever lies before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from analyzer.data import Fleet, HostScores, Scores, Times, Values
from analyzer.detectors.block import Block, Row
from analyzer.detectors.ensemble import ENSEMBLE, LOOKBACK_STEPS
from analyzer.detectors.fitted import Fitted

Places = npt.NDArray[np.intp]

# So many steps before those of the last time are looked at for values that came late; older ones stay as scored.
LATE_STEPS = 8
THREADS = 2


class FleetModels:
    """Puts one host's models in while no other is scored, and the other way round."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._block_of: dict[str, Block] = {}
        self._said: dict[str, HostScores] = {}
        self._newest = -np.inf
        self._lock = Lock()

    def put(self, host: str, features: tuple[str, ...], fitted: Fitted) -> Fitted:
        """Score the host by these models from now on. The same models, held once in the memory of all."""
        with self._lock:
            self._drop(host)
            block = next((block for block in self._blocks if block.takes(features, fitted)), None)
            if block is None:
                block = Block(features, fitted)
                self._blocks.append(block)
            self._block_of[host] = block
            return block.put(host, fitted)

    def drop(self, hosts: Sequence[str]) -> None:
        with self._lock:
            for host in hosts:
                self._drop(host)

    def score(self, recent: Fleet) -> Mapping[str, HostScores]:
        """What is said of each host that has models. New rows are scored once, each after those before it.

        A host whose models are new is looked at from `LOOKBACK_STEPS` before the newest row on.
        """
        with self._lock:
            if not len(recent.times):
                return {}
            place = {host.name: row for row, host in enumerate(recent.hosts)}
            if recent.times[-1] < self._newest:
                # The clock went back, and what was seen of the time that is to come anew is no past.
                for block in self._blocks:
                    block.until[:] = -np.inf
            before, newest = self._said, self._newest

            def score(block: Block) -> dict[str, HostScores]:
                rows = np.array([place.get(name, -1) for name in block.names], np.intp)
                return _scored(block, recent, rows, newest, before)

            # Matrix products let other threads go on; one block alone needs none.
            threads = THREADS if len(self._blocks) > 1 else 1
            for told in Parallel(threads, prefer="threads")(delayed(score)(block) for block in self._blocks):
                self._said.update(told)
            self._newest = float(recent.times[-1])
            return {name: self._said[name] for name in place if name in self._said}

    def _drop(self, host: str) -> None:
        self._said.pop(host, None)
        block = self._block_of.pop(host, None)
        if block is not None:
            block.drop(host)
            if not any(block.names):
                self._blocks.remove(block)


def _scored(
    block: Block, recent: Fleet, rows: Places, newest: float, before: Mapping[str, HostScores]
) -> dict[str, HostScores]:
    """What is said of the block's hosts; `rows[h]` is where each stands in the fleet, -1 where it does not."""
    fresh = np.isneginf(block.until[: len(rows)])
    told = _looked_on(block, recent, np.where(fresh, -1, rows), newest, before)
    for row in np.flatnonzero(fresh & (rows >= 0)).tolist():
        said = _looked_back(block, recent, row, rows[row])
        if said is not None:
            told[block.names[row]] = said
    return told


def _looked_back(block: Block, recent: Fleet, row: int, place: int) -> HostScores | None:
    """A host whose models are new; None when it has no value of late."""
    times = recent.times[-LOOKBACK_STEPS:]
    values = _values(block, recent, np.array([place]), len(recent.times) - len(times))[0].T
    seen = np.isfinite(values).any(axis=1)
    if not seen.any():
        return None
    said = block.look_back(row, times[seen], values[seen])
    ensemble = _ensemble(block, row, times[seen], said.shares[0], said.values[0], said.blame[0], said.moments[0])
    return _host_scores(block, said, 0, ensemble) if seen[-1] else HostScores({}, {}, ensemble)


def _looked_on(
    block: Block, recent: Fleet, rows: Places, newest: float, before: Mapping[str, HostScores]
) -> dict[str, HostScores]:
    """Hosts scored before: their rows that were not, step by step."""
    first = max(0, int(np.searchsorted(recent.times, newest)) - LATE_STEPS)
    times, values = recent.times[first:], _values(block, recent, rows, first)
    seen = np.asarray(np.isfinite(values).any(axis=1))
    pending = seen & (times > block.until[: len(rows), None])
    steps = np.flatnonzero(pending.any(axis=0))
    said = [block.look_on(float(times[step]), values[:, :, step], pending[:, step]) for step in steps]
    worth = _told_only([row.values[:, 0] for row in said], pending[:, steps])
    blame = _told_only([row.blame[:, 0] for row in said], pending[:, steps])
    moments = _told_only([row.moments[:, 0] for row in said], pending[:, steps])
    now, still = pending[:, -1], seen[:, -1]
    told = {}
    for row in np.flatnonzero(rows >= 0).tolist():
        shares = np.array([each.shares[row, 0] for each in said], np.float32).reshape(-1, len(block.features))
        ensemble = _ensemble(block, row, times[steps], shares, worth[row], blame[row], moments[row])
        name = block.names[row]
        if now[row]:
            told[name] = _host_scores(block, said[-1], row, ensemble)
        else:
            known = before[name] if still[row] else HostScores({}, {}, ensemble)
            told[name] = HostScores(known.newest, known.shares, ensemble)
    return told


def _told_only(values: Sequence[Values], pending: npt.NDArray[np.bool_]) -> Values:
    """`[h, steps]`, NaN where a host had nothing new at a step."""
    every = np.stack(values, axis=1) if values else np.zeros(pending.shape, np.float32)
    return np.where(pending, every, np.float32(np.nan))


def _ensemble(block: Block, row: int, times: Times, shares: Values, *told: Values) -> Scores:
    """`told` are its values, blame and moments at these times."""
    worth, blame, moments = told
    return Scores(block.names[row], ENSEMBLE, block.features, times, worth, shares, blame, moments)


def _host_scores(block: Block, said: Row, row: int, ensemble: Scores) -> HostScores:
    newest = dict(zip((*block.models, ENSEMBLE), said.models[row].tolist(), strict=True))
    shares = zip(block.features, said.shares[row, -1].tolist(), strict=True)
    return HostScores(newest, {feature: share for feature, share in shares if share > 0}, ensemble)


def _values(block: Block, recent: Fleet, rows: Places, first: int) -> Values:
    """`[h, f, t]` from the step `first` on; NaN for a host (row -1) or a feature that the fleet lacks."""
    place = {feature: column for column, feature in enumerate(recent.features)}
    columns = np.array([place.get(feature, -1) for feature in block.features], np.intp)
    values = recent.values[:, :, first:][rows[:, None], columns]
    values[(rows[:, None] < 0) | (columns < 0)] = np.nan
    return values
