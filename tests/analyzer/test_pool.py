"""Processes of ours: what they do is what threads do, they give way, and none is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_limits

from analyzer.cycle import Cycle
from analyzer.data import Fetched, Fleet, Host, Window
from analyzer.detectors.fitted import each_array
from analyzer.errors import NotEnoughHistory, WorkerLost
from analyzer.host_models import HostModels
from analyzer.judge import Judge
from analyzer.pool import Pool
from analyzer.prospects import Prospects
from analyzer.rounds import Rounds
from analyzer.store import Store
from analyzer.training import Trainer
from analyzer.worker import NICENESS

STEP = timedelta(seconds=15)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
posix = pytest.mark.skipif(os.name != "posix", reason="signals and niceness are POSIX's")


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    opened = Pool(many_hosts=2)
    yield opened
    await opened.close()


def refuses() -> None:
    raise NotEnoughHistory("web-1 needs 30 steps, 3 hold values")


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def workers() -> list[psutil.Process]:
    """Those of this process's children that work for it: other tests have others, and may have left some."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            found += [child] if "analyzer.worker" in child.cmdline() else []
    return found


def until(count: int) -> None:
    """Waits for so many of them."""
    while len(workers()) != count:
        time.sleep(0.01)


async def test_few_hosts_are_worked_for_here_and_a_fleet_in_another_process(pool: Pool) -> None:
    assert await pool.run(1, os.getpid) == os.getpid()
    assert await Pool().run(10_000, os.getpid) == os.getpid()
    worker = await pool.run(2, os.getpid)
    assert worker != os.getpid()
    assert await pool.run(2, os.getpid) == worker


@posix
async def test_a_worker_gives_way_and_leaves_ctrl_c_to_who_began_it(pool: Pool) -> None:
    assert await pool.run(2, os.nice, 0) == min(os.nice(0) + NICENESS, 19)
    assert await pool.run(2, os.getpgrp) != os.getpgrp()  # a terminal sends Ctrl-C to one group


@posix
async def test_a_killed_worker_is_told_and_the_next_work_is_done_by_another(pool: Pool) -> None:
    before = await pool.run(2, os.getpid)
    with pytest.raises(WorkerLost, match=r"ended before it was done: SIGKILL\(-9\)"):
        await pool.run(2, dies)
    assert await pool.run(2, os.getpid) != before


async def test_what_the_work_raises_is_raised_here(pool: Pool) -> None:
    with pytest.raises(NotEnoughHistory, match="3 hold values"):
        await pool.run(2, refuses)


async def test_what_a_process_prints_does_not_get_between_its_answers(pool: Pool) -> None:
    await pool.run(2, print, "a library says something")
    assert await pool.run(2, len, "four") == 4


async def test_large_arrays_come_as_they_went_and_can_be_written_to(pool: Pool) -> None:
    sent = np.arange(60_000, dtype=np.float32).reshape(3, 20_000)
    back = await pool.run(2, np.negative, sent)
    np.testing.assert_array_equal(back, -sent)
    back[0] = 1.0
    np.testing.assert_array_equal(await pool.run(2, np.negative, sent[:, ::7]), -sent[:, ::7])


async def test_as_many_work_side_by_side_as_there_are_cores_and_no_more() -> None:
    pool = Pool(cores=2, many_hosts=2)
    asleep = [asyncio.create_task(pool.run(2, time.sleep, 3600)) for _ in range(3)]
    await asyncio.to_thread(until, 2)
    await asyncio.sleep(0.1)
    assert len(workers()) == 2
    await pool.close()
    for one in asleep:
        one.cancel()
    await asyncio.gather(*asleep, return_exceptions=True)
    assert workers() == []


async def test_a_process_that_had_no_work_for_a_while_ends_and_the_next_work_begins_another() -> None:
    pool = Pool(many_hosts=2, idle_seconds=0.05)
    before = await pool.run(2, os.getpid)
    await asyncio.to_thread(until, 0)
    assert await pool.run(2, os.getpid) != before
    await pool.close()


async def test_a_process_ends_with_the_work_that_is_to_be_its_last(pool: Pool) -> None:
    first = await pool.run(2, os.getpid)
    assert await pool.run_last(2, os.getpid) == first
    assert workers() == []
    assert await pool.run_last(1, os.getpid) == os.getpid()


async def test_work_that_nobody_waits_for_ends_and_others_go_on(pool: Pool) -> None:
    asleep = asyncio.create_task(pool.run(2, time.sleep, 3600))
    await asyncio.to_thread(until, 1)
    asleep.cancel()
    await asyncio.gather(asleep, return_exceptions=True)
    assert workers() == []
    assert await pool.run(2, len, "four") == 4


async def test_a_closed_pool_leaves_no_process_even_while_one_works() -> None:
    pool = Pool(many_hosts=2)
    worker = psutil.Process(await pool.run(2, os.getpid))
    asleep = asyncio.create_task(pool.run(2, time.sleep, 3600))
    await asyncio.sleep(0)
    await pool.close()
    assert not worker.is_running()
    asleep.cancel()
    await asyncio.gather(asleep, return_exceptions=True)


BEGINS = """
import asyncio, os, signal, sys
from analyzer.pool import Pool

async def main() -> None:
    pool = Pool(many_hosts=2)
    print(await pool.run(2, os.getpid), flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await pool.close()

asyncio.run(main())
"""


@posix
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_ends_with_who_began_it(how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", BEGINS], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        others = psutil.Process(parent.pid).children(recursive=True)
        parent.send_signal(how)
    gone, left = psutil.wait_procs([worker, *others], timeout=60)
    assert worker in gone
    assert left == []


@dataclass
class Noise:
    """Three hosts of noise."""

    name: str = "noise"

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        names = ("web-0", "web-1", "web-2") if host is None else (host,)
        values = np.random.default_rng(7).normal(0.5, 0.1, (len(names), 2, window.steps)).astype(np.float32)
        return Fetched(Fleet(tuple(map(Host, names)), ("cpu", "memory"), window.times, values), self.name)

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_host_learned_in_a_process_is_what_it_is_in_a_thread(pool: Pool) -> None:
    here, there = Trainer(Noise(), STEP), Trainer(Noise(), STEP, pool=pool)
    with threadpool_limits(1):  # as a worker has: sums of parts in another order differ in their last bits
        for trainer in (here, there):
            assert await trainer.train(NOW, ["web-0", "web-1"], most=2) == ("web-0", "web-1")
    for name in ("web-0", "web-1"):
        one, other = here.models(name), there.models(name)
        assert isinstance(one, HostModels)
        assert isinstance(other, HostModels)
        each_array(np.testing.assert_array_equal, one.fitted, other.fitted)
        assert (one.steps, one.calibration.days, one.calibration.usual) == (
            other.steps,
            other.calibration.days,
            other.calibration.usual,
        )
        np.testing.assert_array_equal(one.calibration.episodes, other.calibration.episodes)


@posix
async def test_a_killed_worker_costs_one_round_and_is_told(pool: Pool, tmp_path: Path) -> None:
    source, store, hour = Noise(), await Store.open(tmp_path), timedelta(hours=1)
    trainer = Trainer(source, STEP, history=timedelta(days=7), pool=pool)
    cycle = Cycle(source, trainer, Prospects(source, ()), Judge((), STEP), (), (), STEP, hour)
    rounds = Rounds(cycle, store, timedelta(days=90))
    await rounds.look(NOW)
    worker = await pool.run(2, os.getpid)
    learning = asyncio.create_task(rounds.train(NOW))
    await asyncio.to_thread(busy, worker)
    os.kill(worker, signal.SIGKILL)
    await learning
    await rounds.look(NOW + STEP)
    assert rounds.report is not None
    assert [failure.stage for failure in rounds.report.failures] == ["train"]
    assert trainer.scored(["web-0"]) == 0
    await rounds.train(NOW + STEP)
    assert trainer.scored(["web-0"]) == 1
    await store.close()


def busy(process: int) -> None:
    """Waits until it has begun to fit: it has used some processor since."""
    worker = psutil.Process(process)
    before = worker.cpu_times().user
    while worker.cpu_times().user < before + 0.1:
        time.sleep(0.01)


CANNOT = """
import asyncio, logging, os, resource
from analyzer.pool import Pool

logging.basicConfig(format="%(message)s")

async def main() -> None:
    pool = Pool(many_hosts=2)
    await asyncio.to_thread(os.getpid)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, 4096))
    print(await pool.run(2, os.getpid) == os.getpid())

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts its open files in /proc")
def test_where_no_process_can_be_begun_a_fleet_is_learned_in_threads_and_that_is_said() -> None:
    done = subprocess.run([sys.executable, "-c", CANNOT], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "True"
    assert done.stderr.startswith("no processes can be begun here, so fleets too are learned in threads: [Errno 24]")
