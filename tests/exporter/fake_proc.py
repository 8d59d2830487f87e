"""A small /proc written by a test: processes that do what the test says."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from exporter.procfs import Trees

STATUS = "Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nVmSwap:\t{swap} kB\nvoluntary_ctxt_switches:\t{vol}\n"
IO = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: {read}\nwrite_bytes: {written}\ncancelled_write_bytes: 0\n"
LIMITS = "Limit                     Soft Limit           Hard Limit           Units     \n\
Max open files            {limit}                 4096                 files     \n"


@dataclass
class FakeProc:
    """Processes with the files that a kernel has for each."""

    root: Path

    def __post_init__(self) -> None:
        self.root.mkdir(exist_ok=True)
        (self.root / "stat").write_text("cpu  1 2 3\nbtime 1700000000\nprocesses 5\n")

    @property
    def trees(self) -> Trees:
        return Trees.below(procfs=str(self.root))

    def put(
        self,
        pid: int,
        comm: str = "sleep",
        *,
        state: str = "S",
        parent: int = 1,
        flags: int = 0,
        minor: int = 0,
        major: int = 0,
        user: int = 0,
        system: int = 0,
        threads: int = 1,
        started: int = 100,
        virtual: int = 8192,
        resident: int = 1,
        read: int = 0,
        written: int = 0,
        swap: int = 0,
        voluntary: int = 0,
        involuntary: int = 0,
        descriptors: int = 0,
        limit: int = 1024,
        command: str = "",
        uid: int = 0,
    ) -> None:
        folder = self.root / str(pid)
        (folder / "fd").mkdir(parents=True, exist_ok=True)
        words = [
            *(
                state,
                parent,
                pid,
                pid,
                0,
                -1,
                flags,
                minor,
                0,
                major,
                0,
                user,
                system,
                0,
                0,
                20,
                0,
                threads,
                0,
                started,
            ),
            *(virtual, resident, 18446744073709551615, *([0] * 27)),
        ]
        (folder / "stat").write_bytes(f"{pid} ({comm}) {' '.join(map(str, words))}\n".encode(errors="surrogateescape"))
        (folder / "status").write_text(
            STATUS.format(uid=uid, swap=swap, vol=voluntary) + f"nonvoluntary_ctxt_switches:\t{involuntary}\n"
        )
        (folder / "io").write_text(IO.format(read=read, written=written))
        (folder / "limits").write_text(LIMITS.format(limit=limit))
        (folder / "cmdline").write_bytes("".join(f"{word}\0" for word in command.split()).encode())
        (folder / "cgroup").write_text("0::/system.slice/x.service\n")
        for number in range(descriptors):
            (folder / "fd" / str(number)).touch()

    def end(self, pid: int) -> None:
        shutil.rmtree(self.root / str(pid))
