"""A process of its own that works for another one: asked and answered through pipes, and gone when they close.

Who asks and who works speak in values alone. Large arrays go as they are, neither packed nor copied. Needs no
semaphores, no shared memory and nobody to watch over them: a plain child, which sees its pipe end with its parent.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from struct import Struct
from typing import IO, Any

from analyzer.errors import WorkerLost
from analyzer.lean import ONE_THREAD, give_back, hold_little, import_lean

NICENESS = 10
# What is smaller goes within the message: as a part by itself it would take more to hold than it is.
LARGE_BYTES = 2**16
LENGTH = Struct("<Q")
# Its own group: Ctrl-C is its parent's to hear, who ends it.
APART: Mapping[str, Any] = (
    {"process_group": 0} if os.name == "posix" else {"creationflags": 0x0200}  # CREATE_NEW_PROCESS_GROUP
)


class Worker:
    """Begun with what its work needs to import; OSError where the system gives no process. Works on one at a time."""

    def __init__(self, modules: tuple[str, ...] = ()) -> None:
        here = os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)}
        program = [sys.executable, "-m", __name__, *modules]
        self._process = subprocess.Popen(  # noqa: S603 - this very module
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=here, **APART
        )

    def ask(self, work: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        """What the work gives, or raises. WorkerLost where the process ended before it was done."""
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None  # noqa: S101 - as it was opened
        assert answers is not None  # noqa: S101 - likewise
        try:
            send(requests, (work, given))
            told, error = receive(answers)
        except (EOFError, OSError, ValueError):  # closed by who ended it
            raise WorkerLost(f"a process that learns and forecasts ended before it was done{self._why()}") from None
        if error is not None:
            raise error
        return told

    def end(self) -> None:
        """Whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent is of no use to anybody
                    pipe.close()

    def _why(self) -> str:
        code = self._process.wait()
        return f": {signal.Signals(-code).name}({code})" if code < 0 else f": exit code {code}"


def send(pipe: IO[bytes], thing: object) -> None:
    large: list[memoryview] = []

    def within(part: pickle.PickleBuffer) -> bool:
        raw = part.raw()
        if raw.nbytes < LARGE_BYTES:
            return True
        large.append(raw)
        return False

    message = pickle.dumps(thing, pickle.HIGHEST_PROTOCOL, buffer_callback=within)
    parts: list[memoryview | bytes] = [*large, message]
    pipe.write(LENGTH.pack(len(large)))
    for part in parts:
        pipe.write(LENGTH.pack(len(part)))
        pipe.write(part)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """EOFError where the pipe ended."""
    (count,) = LENGTH.unpack(_taken(pipe, LENGTH.size))
    *large, message = [_taken(pipe, *LENGTH.unpack(_taken(pipe, LENGTH.size))) for _ in range(count + 1)]
    return pickle.loads(message, buffers=large)  # noqa: S301 - from a process of our own


def _taken(pipe: IO[bytes], size: int) -> bytearray:
    taken = bytearray(size)
    view, filled = memoryview(taken), 0
    while filled < size:
        more = pipe.readinto(view[filled:])  # type: ignore[attr-defined] # every buffered reader has it
        if not more:
            raise EOFError
        filled += more
    return taken


def main(modules: list[str]) -> None:
    """Work till the pipe ends. Nothing else may write into it, whatever a library prints."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    hold_little()
    with suppress(AttributeError, OSError):  # Windows has no such thing, and a sandbox may forbid it
        os.nice(NICENESS)
    import_lean(modules)

    def answer(asked: Future[Any]) -> None:
        error = asked.exception()
        if error is not None:
            error.add_note("".join(traceback.format_exception(error)))  # where it was raised, its traceback stays
        with suppress(BrokenPipeError):
            send(answers, (None if error else asked.result(), error))
        give_back()

    working = ThreadPoolExecutor(1)
    with suppress(EOFError):
        while True:
            work, given = receive(sys.stdin.buffer)
            working.submit(work, *given).add_done_callback(answer)
            del work, given
    os._exit(0)  # nobody waits for what is still worked on


if __name__ == "__main__":
    main(sys.argv[1:])
