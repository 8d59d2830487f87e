"""How many processes and threads there are, in which states, and how many there may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from exporter.exposition import Block, Family, Table
from exporter.procfs import ABSENT, Once, Trees

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


class Task:
    """A process or thread as it was told last; most of them do nothing from one look to the next."""

    __slots__ = ("folder", "runs", "stat", "state", "threads")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.runs = b""
        self.stat = b""
        self.state = b""
        self.threads = 0

    def look(self, once: Once, *, runs_told: bool) -> bool:
        """See what it does now. False when it has ended."""
        try:
            if runs_told:
                runs = once.runs(self.folder)
                if runs == self.runs:
                    return True
                self.runs = runs
            stat = once.read(f"{self.folder}/stat")
        except OSError as error:
            if error.errno in ABSENT:
                return False
            raise
        if stat != self.stat:
            # The name may hold blanks and parentheses; it ends with the last one.
            words = stat[stat.rindex(b")") + 2 :].split(None, THREADS_FIELD + 1)
            self.stat, self.state, self.threads = stat, words[0], int(words[THREADS_FIELD])
        return True


@dataclass(slots=True)
class Known:
    """Every process, and the threads of those that have several beside their first one."""

    processes: dict[str, Task] = field(default_factory=dict)
    threads: dict[str, dict[str, Task]] = field(default_factory=dict)

    def look(self, once: Once) -> None:
        """See who is there, and in which state; who ends meanwhile is not counted."""
        known, self.processes = self.processes, {}
        known_threads, self.threads = self.threads, {}
        runs_told = once.runs_told
        for pid in once.entries(""):
            if not pid.isdecimal():
                continue
            task = known.get(pid) or Task(pid)
            # A process of several threads may get another one while its first one sleeps.
            if not task.look(once, runs_told=runs_told and task.threads == 1):
                continue
            self.processes[pid] = task
            if task.threads > 1:
                self.threads[pid] = _others(once, pid, task.threads, known_threads.get(pid, {}))


def _others(once: Once, pid: str, count: int, known: dict[str, Task]) -> dict[str, Task]:
    """The threads of a process beside its first one. They are listed anew only when one has ended or begun."""
    runs_told = once.runs_told
    if len(known) == count - 1 and all(task.look(once, runs_told=runs_told) for task in known.values()):
        return known
    names = [name for name in once.tree.names_if_any(f"{pid}/task") if name != pid]
    tasks = {name: known.get(name) or Task(f"{pid}/task/{name}") for name in names}
    return {name: task for name, task in tasks.items() if task.look(once, runs_told=runs_told)}


@dataclass(frozen=True)
class ProcessesCollector:
    """Source: /proc/PID/stat and /proc/PID/task, proc(5)."""

    trees: Trees
    known: Known = field(default_factory=Known, init=False, repr=False)
    counts: Table = field(default_factory=lambda: Table(*COUNTS), init=False, repr=False)
    states: Table = field(default_factory=lambda: Table(STATE), init=False, repr=False)
    thread_states: Table = field(default_factory=lambda: Table(THREAD_STATE), init=False, repr=False)

    @cached_property
    def has_tasks(self) -> bool:
        """Whether this /proc tells of threads at all; kept copies of one may not."""
        return self.trees.proc.path("self/task").exists()

    def collect(self) -> Iterable[Block]:
        proc = self.trees.proc
        self.known.look(self.trees.once)
        processes = self.known.processes.values()
        threads = sum([task.threads for task in processes])
        limits = [proc.read("sys/kernel/pid_max").strip(), proc.read("sys/kernel/threads-max").strip()]
        yield self.counts.single([len(processes), threads, *limits])
        states = Counter([task.state for task in processes])
        yield _block(self.states, states)
        if self.has_tasks:
            states.update([task.state for others in self.known.threads.values() for task in others.values()])
            yield _block(self.thread_states, states)


def _block(table: Table, states: Counter[bytes]) -> Block:
    rows = sorted((state,) for state in states)
    return table.block(rows, [[states[state] for (state,) in rows]])
