"""A whole cycle of a large fleet: fetched over HTTP, parsed, scored, judged, published; its seconds and its memory.

`python -m benchmarks.fleet_cycle [--hosts=2500] [--features=40] [--profile]`. Prometheus is a fake in another process.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from analyzer.cycle import Cycle
from analyzer.data import Feature, Frame, Window
from analyzer.forecasters import FORECASTERS
from analyzer.host_models import fit_host
from analyzer.judge import Judge
from analyzer.lean import hold_little
from analyzer.prospects import Prospects
from analyzer.rounds import Rounds
from analyzer.sinks.metrics import MetricsSink
from analyzer.sources.prometheus import PrometheusSource
from analyzer.store import Store
from analyzer.training import Trainer
from benchmarks.fake_prometheus import prometheus

STEP, RECENT = timedelta(seconds=15), timedelta(hours=1)
NOW = Window.ending(datetime.now(UTC), RECENT, STEP).end  # the fake knows the days before today best
HISTORY_STEPS = 2000
CYCLES = 6


def catalogue(count: int) -> tuple[Feature, ...]:
    """Every third has a limit, which is never reached, as on a fleet that is well."""
    return tuple(
        Feature(
            f"bench_{n}",
            "ratio",
            "cpu",
            f"bench_{n}{{$selector}}",
            {"en": f"bench {n}"},
            saturates_at=None if n % 3 else 100.0,
        )
        for n in range(count)
    )


def assembled(
    url: str, features: tuple[Feature, ...], store: Store
) -> tuple[Rounds, Trainer, MetricsSink, PrometheusSource]:
    source = PrometheusSource(features, url=url, scrape_interval_seconds=STEP.total_seconds(), timeout_seconds=120.0)
    trainer, metrics = Trainer(source, STEP), MetricsSink(store.outbox, "bench", [])
    cycle = Cycle(
        source=source,
        trainer=trainer,
        prospects=Prospects(source, features),
        judge=Judge(features, STEP),
        forecasters=tuple(forecaster() for forecaster in FORECASTERS.values()),
        sinks=(metrics,),
        step=STEP,
        recent=RECENT,
    )
    return Rounds(cycle, store, timedelta(days=90)), trainer, metrics, source


def learn(trainer: Trainer, hosts: int, features: tuple[Feature, ...]) -> None:
    """One host's models for all: what they are made of does not matter to what they cost."""
    values = np.random.default_rng(1).normal(0.5, 0.15, (HISTORY_STEPS, len(features))).astype(np.float32)
    times = NOW.timestamp() + STEP.total_seconds() * np.arange(-HISTORY_STEPS, 0, dtype=np.float64)
    history = Frame("host", tuple(feature.name for feature in features), times, values)
    models = fit_host(history, NOW, STEP.total_seconds())
    for host in range(hosts):
        trainer.adopt(replace(models, host=f"host-{host:05d}:9100"))


def resident_mebibytes(what: str = "VmRSS") -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


async def measure(hosts: int, count: int, *, profile: bool) -> None:
    features = catalogue(count)
    with prometheus(hosts) as url, tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder))
        rounds, trainer, metrics, source = assembled(url, features, store)
        learn(trainer, hosts, features)
        for cycle in range(CYCLES):
            profiler = cProfile.Profile(time.process_time)
            if profile and cycle == CYCLES - 1:
                profiler.enable()
            begun, used = time.perf_counter(), time.process_time()
            await rounds.look(NOW + cycle * STEP)
            took, used = time.perf_counter() - begun, time.process_time() - used
            report = rounds.report
            assert report is not None
            stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in report.stage_seconds.items())
            scored = sum(1 for host in report.hosts if host.scores)
            print(f"cycle {cycle}: {took:.2f} s ({used:.2f} s CPU), {scored} of {hosts} hosts scored; {stages}")
            for failure in report.failures[:3]:
                print(f"  failed: {failure}")
            if profile and cycle == CYCLES - 1:
                profiler.disable()
                pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
                pstats.Stats(profiler).sort_stats("cumtime").print_stats(60)
        begun = time.perf_counter()
        exposition = await metrics.render("", NOW)
        print(f"/metrics: {time.perf_counter() - begun:.2f} s, {len(exposition.body) / 1e6:.1f} MB")
        await source.close()
        await store.close()
    print(f"memory: {resident_mebibytes():.0f} MiB now, {resident_mebibytes('VmHWM'):.0f} MiB at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=2500)
    parser.add_argument("--features", type=int, default=40)
    parser.add_argument("--profile", action="store_true")
    asked, _ = parser.parse_known_args()
    hold_little()
    asyncio.run(measure(asked.hosts, asked.features, profile=asked.profile))


if __name__ == "__main__":
    main()
