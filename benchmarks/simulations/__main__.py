"""What made-up hosts cost: `python -m benchmarks.simulations [young|old|nights …] [--hosts=5]`; minutes each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

from benchmarks.simulations.calm import old, young
from benchmarks.simulations.nights import nights

PARTS: dict[str, Callable[[int], Iterator[str]]] = {"young": young, "old": old, "nights": nights}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulations", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all unless named")
    parser.add_argument("--hosts", type=int, default=5, help="of each kind")
    given = parser.parse_args()
    for name in given.parts or PARTS:
        for line in PARTS[name](given.hosts):
            print(line, flush=True)


if __name__ == "__main__":
    main()
