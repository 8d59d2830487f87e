"""How many processes and threads there are, in which states, and how many there may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from exporter.exposition import Block, Family, Table
from exporter.procfs import ABSENT, Tree, Trees

COUNTS = (
    Family("node_processes_pids", "Processes."),
    Family("node_processes_threads", "Threads."),
    Family("node_processes_max_processes", "How many process ids there may be."),
    Family("node_processes_max_threads", "How many threads there may be."),
)
STATE = Family("node_processes_state", "Processes in each state.", labels=("state",))
THREAD_STATE = Family("node_processes_threads_state", "Threads in each state.", labels=("thread_state",))
THREADS_FIELD = 17
"""Where /proc/PID/stat has the number of threads, counted after the name."""


@dataclass(slots=True)
class Tally:
    """What was counted: states of processes, states of all threads."""

    threads: int = 0
    states: Counter[bytes] = field(default_factory=Counter)
    thread_states: Counter[bytes] = field(default_factory=Counter)


@dataclass(frozen=True)
class ProcessesCollector:
    """Source: /proc/PID/stat and /proc/PID/task, proc(5)."""

    trees: Trees
    counts: Table = field(default_factory=lambda: Table(*COUNTS), init=False, repr=False)
    states: Table = field(default_factory=lambda: Table(STATE), init=False, repr=False)
    thread_states: Table = field(default_factory=lambda: Table(THREAD_STATE), init=False, repr=False)

    @cached_property
    def has_tasks(self) -> bool:
        """Whether this /proc tells of threads at all; kept copies of one may not."""
        return self.trees.proc.path("self/task").exists()

    def collect(self) -> Iterable[Block]:
        proc = self.trees.proc
        tally = count(proc)
        limits = [proc.read("sys/kernel/pid_max").strip(), proc.read("sys/kernel/threads-max").strip()]
        yield self.counts.single([tally.states.total(), tally.threads, *limits])
        yield _block(self.states, tally.states)
        if self.has_tasks:
            yield _block(self.thread_states, tally.thread_states)


def count(proc: Tree) -> Tally:
    """Look at every process; one that ends meanwhile is not counted."""
    tally = Tally()
    states: list[bytes] = []
    for name in proc.entries(""):
        if not name.isdecimal():
            continue
        try:
            content = proc.read(f"{name}/stat", whole=True)
        except OSError as error:
            if error.errno in ABSENT:
                continue
            raise
        words = after_name(content)
        states.append(words[0])
        if words[THREADS_FIELD] != b"1":
            tally.threads += int(words[THREADS_FIELD]) - 1
            _count_others(proc, name, tally.thread_states)
    tally.states.update(states)
    tally.thread_states.update(states)
    tally.threads += len(states)
    return tally


def after_name(content: bytes) -> list[bytes]:
    """The fields of /proc/PID/stat after the name, as far as needed; it may hold blanks and parentheses itself."""
    return content[content.rindex(b")") + 2 :].split(None, THREADS_FIELD + 1)


def _count_others(proc: Tree, pid: str, states: Counter[bytes]) -> None:
    """The threads of a process beside its first one, which its own stat tells of."""
    for thread in proc.names_if_any(f"{pid}/task"):
        if thread != pid and (content := proc.read_if_any(f"{pid}/task/{thread}/stat")):
            states[after_name(content)[0]] += 1


def _block(table: Table, states: Counter[bytes]) -> Block:
    rows = sorted((state,) for state in states)
    return table.block(rows, [[states[state] for (state,) in rows]])
