"""Small programs that misbehave, each in one way: `python -m benchmarks.faults.programs NAME SECONDS [ARGUMENT ...]`.

Whatever happens to who started it, a program ends by itself: an alarm kills it after SECONDS, and so does the end of
its parent. Each takes the name it is asked for as its process name, so that what a host tells of processes names it.
"""

from __future__ import annotations

import ctypes
import errno
import http.server
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
MEBIBYTE = 1 << 20
# Descriptors that stay free for the program itself.
SPARE = 64
TICK_SECONDS = 0.1


def hold_memory(total: str, seconds: str) -> None:
    """Takes TOTAL mebibytes of its own (not shared), evenly over SECONDS, and writes to each page."""
    held = []
    for part in even(int(total), float(seconds)):
        held.append(mmap.mmap(-1, max(part, 1) * MEBIBYTE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        held[-1].write(b"x" * len(held[-1]))
    signal.pause()


def creep(most: str, seconds: str) -> None:
    """Uses more and more of one core: from nothing to the share MOST, evenly over SECONDS."""
    began = time.monotonic()
    while True:
        tick = time.monotonic()
        share = float(most) * min(1.0, (tick - began) / float(seconds))
        while time.monotonic() < tick + share * TICK_SECONDS:
            sum(range(1000))
        time.sleep((1 - share) * TICK_SECONDS)


def write(path: str, size: str) -> None:
    """Writes a file of SIZE mebibytes again and again, past the cache, as fast as the disk takes it."""
    block = mmap.mmap(-1, 4 * MEBIBYTE)
    block.write(os.urandom(len(block)))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_DIRECT, 0o600)
    while True:
        for part in range(int(size) // 4):
            os.pwrite(descriptor, block, part * len(block))


def read(path: str) -> None:
    """Reads a file again and again, past the cache."""
    block = mmap.mmap(-1, MEBIBYTE)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT)
    while True:
        at = 0
        while at < os.fstat(descriptor).st_size:
            at += os.preadv(descriptor, [block], at)


def synchronise(path: str) -> None:
    """Appends a line and has it written to disk, again and again, as a careless journal does."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    while True:
        os.pwrite(descriptor, b"x" * 512, 0)
        os.fsync(descriptor)


def fill(folder: str, total: str, seconds: str) -> None:
    """Fills a filesystem with TOTAL mebibytes, evenly over SECONDS, or until it is full."""
    with Path(folder, "filling").open("wb", buffering=0) as file:
        for part in even(int(total), float(seconds)):
            until_full(partial(file.write, b"x" * (part * MEBIBYTE)))
        signal.pause()


def make_files(folder: str, total: str, seconds: str) -> None:
    """Makes TOTAL empty files, evenly over SECONDS, or until there is no inode left."""
    number = 0
    for part in even(int(total), float(seconds)):
        for _ in range(part):
            number += 1
            until_full(Path(folder, f"empty-{number}").touch)
    signal.pause()


def leak_descriptors(each_second: str) -> None:
    """Opens descriptors and forgets to close them."""
    held: list[int] = []
    for part in leaking(float(each_second), 1):
        held += [os.open(os.devnull, os.O_RDONLY) for _ in range(part)]
    signal.pause()


def leak_sockets(each_second: str) -> None:
    """Connects to itself and forgets to hang up."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    held: list[socket.socket] = []
    for part in leaking(float(each_second), 2):
        for _ in range(part):
            held.append(socket.create_connection(listener.getsockname()))
            held.append(listener.accept()[0])
    signal.pause()


def fork(each_second: str, most: str) -> None:
    """Starts processes that end at once; MOST in all."""
    for part in even(int(most), int(most) / float(each_second)):
        for _ in range(part):
            pid = os.fork()
            if not pid:
                os._exit(0)
            os.waitpid(pid, 0)
    signal.pause()


def leave_zombies(count: str) -> None:
    """Starts COUNT processes that end, and never asks how they ended."""
    for _ in range(int(count)):
        if not os.fork():
            os._exit(0)
        time.sleep(0.01)
    signal.pause()


def flood(port: str = "0") -> None:
    """Sends to itself over loopback as fast as it goes."""
    listener = socket.create_server(("127.0.0.1", int(port)))
    sending = socket.create_connection(listener.getsockname())
    receiving, _ = listener.accept()
    block, taken = bytes(MEBIBYTE), bytearray(MEBIBYTE)
    threading.Thread(target=lambda: all(receiving.recv_into(taken) for _ in iter(int, 1)), daemon=True).start()
    while True:
        sending.sendall(block)


def switch() -> None:
    """Two processes that hand one byte to and fro."""
    there, back = os.pipe(), os.pipe()
    child = not os.fork()
    if child:
        ends_with_its_parent()
    incoming, outgoing = (there[0], back[1]) if child else (back[0], there[1])
    if not child:
        os.write(outgoing, b"x")
    while True:
        os.write(outgoing, os.read(incoming, 1))


def log_errors(path: str, each_second: str) -> None:
    """Writes errors into a log."""
    with Path(path).open("a", encoding="utf-8", buffering=1) as file:
        for number in range(1 << 30):
            file.write(f"{time.strftime('%FT%TZ', time.gmtime())} ERROR payment {number} failed: connection refused\n")
            time.sleep(1 / float(each_second))


def log(path: str) -> None:
    """Writes what a healthy service writes: a line now and then, and rarely an error."""
    with Path(path).open("a", encoding="utf-8", buffering=1) as file:
        for number in range(1 << 30):
            level, text = ("ERROR", "retried once") if number % 200 == 199 else ("INFO", "done")
            file.write(f"{time.strftime('%FT%TZ', time.gmtime())} {level} payment {number} {text}\n")
            time.sleep(0.5)


def backup(source: str, target: str) -> None:
    """What a nightly job does: reads a file, compresses it, writes it and ends."""
    packer = zlib.compressobj(1)
    with Path(source).open("rb") as file, Path(target).open("wb") as out:
        out.writelines(packer.compress(block) for block in iter(lambda: file.read(MEBIBYTE), b""))
        out.flush()
        os.fsync(out.fileno())
    Path(target).unlink()


def serve(port: str) -> None:
    """A service that answers 200 to whoever asks."""
    http.server.HTTPServer(("127.0.0.1", int(port)), Quiet).serve_forever()


class Quiet(http.server.BaseHTTPRequestHandler):
    """Answers and logs nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def even(total: int, seconds: float) -> Iterator[int]:
    """`total` in whole parts, one each tick, evenly over `seconds`."""
    began, given = time.monotonic(), 0
    while given < total:
        due = min(total, round(total * (time.monotonic() - began + TICK_SECONDS) / seconds))
        yield due - given
        given = due
        time.sleep(TICK_SECONDS)


def leaking(each_second: float, descriptors: int) -> Iterator[int]:
    """Parts of a leak that goes on until nearly no descriptor is left."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = (min(hard, 20_000) - SPARE) // descriptors
    return even(most, most / each_second)


def until_full(work: Callable[[], object]) -> None:
    """Does it, or leaves it where there is no room left."""
    try:
        work()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


PROGRAMS: dict[str, Callable[..., None]] = {
    "backup": backup,
    "creep": creep,
    "fill": fill,
    "flood": flood,
    "fork": fork,
    "hold-memory": hold_memory,
    "leak-files": leak_descriptors,
    "leak-sockets": leak_sockets,
    "log": log,
    "log-errors": log_errors,
    "make-files": make_files,
    "read": read,
    "serve": serve,
    "switch": switch,
    "synchronise": synchronise,
    "write": write,
    "zombies": leave_zombies,
}


def ends_with_its_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main() -> None:
    name, seconds, *arguments = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_NAME, f"om-{name}".encode(), 0, 0, 0)
    ends_with_its_parent()
    signal.setitimer(signal.ITIMER_REAL, float(seconds))  # unhandled, it kills
    PROGRAMS[name](*arguments)


if __name__ == "__main__":
    main()
