"""Where the time of a scrape goes: by collector, by function, in the kernel and outside it. `--scrapes=N`.

Runs the exporter's collectors in this process, without the network.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import time
from collections.abc import Callable
from statistics import median

from exporter.__main__ import assemble
from exporter.host import Page, Wish
from exporter.patience import Batch
from exporter.settings import parse

MOST_SHOWN = 16


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scrapes", type=int, default=300)
    parser.add_argument("--shared", default="", help="not needed here")
    given = parser.parse_args()
    host, _ = assemble(parse([]), [])
    wish = Wish(tuple(host.guards))

    def scrape() -> Page:
        page = Page(host, wish, time.monotonic() + 60)
        Batch([*page.collections, page], lambda: None).run()
        return page

    for _ in range(50):
        scrape()
    in_all(scrape, given.scrapes)
    by_collector(scrape, given.scrapes)
    by_function(scrape, given.scrapes)
    host.close()
    return 0


def in_all(scrape: Callable[[], Page], scrapes: int) -> None:
    before = os.times()
    size = [len(scrape().body) for _ in range(scrapes)][-1]
    after = os.times()
    user, system = ((after[at] - before[at]) / scrapes * 1000 for at in (0, 1))
    print(f"a scrape: {user:.2f} ms in Python, {system:.2f} ms in the kernel, {size} bytes")


def by_collector(scrape: Callable[[], Page], scrapes: int) -> None:
    times: dict[str, list[float]] = {}
    for _ in range(scrapes):
        for one in scrape().collections:
            times.setdefault(one.guard.name, []).append(one.seconds * 1e6)
    shown = sorted(((median(taken), name) for name, taken in times.items()), reverse=True)
    print("\nmedian microseconds of each collector")
    for taken, name in shown[:MOST_SHOWN]:
        print(f"{taken:9.0f}  {name}")
    rest = [taken for taken, _ in shown[MOST_SHOWN:]]
    print(f"{sum(rest):9.0f}  {len(rest)} others together")


def by_function(scrape: Callable[[], Page], scrapes: int) -> None:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(scrapes):
        scrape()
    profile.disable()
    stats = pstats.Stats(profile).get_stats_profile()
    total = sum(one.tottime for one in stats.func_profiles.values())
    shown = sorted(stats.func_profiles.items(), key=lambda item: item[1].tottime, reverse=True)
    print("\nshare of the time in each function itself, and its calls a scrape; what profiling costs is in it")
    for name, one in shown[:MOST_SHOWN]:
        calls = int(str(one.ncalls).partition("/")[0]) / scrapes
        print(f"{one.tottime / total:9.1%}  {calls:7.1f}  {one.file_name.rpartition('/main/')[2]}:{name}")


if __name__ == "__main__":
    sys.exit(main())
