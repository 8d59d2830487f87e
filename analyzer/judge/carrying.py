"""What the judge knows of a host goes on under its new name: its bar, what fires, what came before. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from analyzer.judge.memory import Episode, Memory
from analyzer.judge.recurrence import Precedents
from analyzer.judge.saturation import SILENT
from analyzer.judge.upheavals import UPHEAVALS
from analyzer.names import Rename

T = TypeVar("T")


def carried(memory: Memory, names: Iterable[Rename]) -> tuple[Memory, list[Rename]]:
    """What is known of a host goes on under its new name; and which renames were news.

    A name that was heard of since then is another host's by now.
    """
    origin: dict[str, str] = {}
    news = []
    for one in names:
        if one.before in origin or memory.last_seen.get(one.before, math.inf) <= one.at:
            origin[one.now] = origin.pop(one.before, one.before)
            news.append(one)
    if not news:
        return memory, news
    called = _Called(
        {was: now for now, was in origin.items()}, frozenset(n for one in news for n in (one.before, one.now))
    )
    return called.memory(memory), news


@dataclass(frozen=True, slots=True)
class _Called:
    """`now` by what it was, of each host that goes on; `names` are all that were taken or given up."""

    now: Mapping[str, str]
    names: frozenset[str]

    def memory(self, before: Memory) -> Memory:
        kept = [(name, row) for row, host in enumerate(before.hosts) if (name := self.name(host))]
        last_seen = self.known(before.last_seen)
        seen = {name: max(time, before.last_seen.get(name, time)) for name, time in last_seen.items()}
        return replace(
            before,
            hosts=tuple(name for name, _ in kept),
            watch=before.watch.rearranged([row for _, row in kept]),
            last_seen=seen,
            first_seen=self.known(before.first_seen),
            machines=self.known(before.machines),
            episodes=tuple(self._episodes(before.episodes)),
            past=self._past(before.past),
        )

    def name(self, host: str) -> str:
        """Empty for what a new name stood for before: little was known of it."""
        return self.now.get(host, "" if host in self.names else host)

    def known(self, facts: Mapping[str, T]) -> dict[str, T]:
        return {name: fact for host, fact in facts.items() if (name := self.name(host))}

    def _past(self, past: Precedents) -> Precedents:
        moved = {host: tuple(replace(one, host=host) for one in ones) for host, ones in self.known(past).items()}
        own = {name: past[name] for name in self.now.values() if name in past and name not in self.now}
        return {**moved, **{name: (*moved.get(name, ()), *ones) for name, ones in own.items()}}

    def _episodes(self, episodes: Sequence[Episode]) -> Iterator[Episode]:
        """Under its new name none has been told yet. It is not silent, and its new name has its own start told."""
        news = frozenset(self.now.values()).difference(self.now)
        own = {(episode.host, episode.kind) for episode in episodes if episode.host in news}
        for episode in episodes:
            name = self.now.get(episode.host)
            if name is None:
                if episode.host in news or episode.host not in self.names:
                    yield episode
            elif episode.kind not in {SILENT, *UPHEAVALS} and (name, episode.kind) not in own:
                yield replace(episode, host=name, told=False)
