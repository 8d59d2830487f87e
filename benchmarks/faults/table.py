"""What was measured, as a table and a few sums beside the goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.faults.outcome import Outcome

HOUR_SECONDS = 3600.0


@dataclass(frozen=True)
class Quiet:
    """The time that was learned from: how long, how much of it was watched by models, every alarm told in it.

    `load` is the load average that is usual.
    """

    seconds: float
    watched_seconds: float
    load: float
    alarms: tuple[str, ...]

    @property
    def told(self) -> str:
        length = f"{self.seconds / 60:.1f} minutes, {self.watched_seconds / 60:.1f} of them watched"
        lines = [f"quiet: {length}, {len(self.alarms)} alarms, load up to {self.load:.2f}"]
        return "\n  ".join([*lines, *self.alarms])


def heading() -> str:
    return "| fault | told after | kind | severity | first cause | right | in three | process |\n" + "| --- " * 8 + "|"


def row(one: Outcome) -> str:
    after = "–" if one.after_seconds is None else f"{one.after_seconds:.1f} s"
    if one.quiet:
        marks = ["silent, as it should be" if one.right else "false alarm", "", ""]
    else:
        marks = [mark(one.first_right), mark(one.three_right), mark(one.process_named) if one.process else ""]
    cells = [one.fault, after, ", ".join(one.kinds), one.severity, one.causes[0] if one.causes else "", *marks]
    return f"| {' | '.join(cells)} |"


def mark(true: bool) -> str:  # noqa: FBT001 - a value to be shown, no switch
    return "yes" if true else "no"


def summary(outcomes: Sequence[Outcome], quiet: Quiet) -> str:
    """The sums that the goals are stated in."""
    real = [one for one in outcomes if not one.quiet]
    lines = []
    if real:
        heard = [one.after_seconds for one in real if one.after_seconds is not None]
        lines += [
            share("detected within the time given", len(heard), len(real), 95),
            f"seconds to detect: median {sorted(heard)[len(heard) // 2]:.1f}, most {max(heard):.1f}" if heard else "",
            share("first cause right", sum(one.first_right for one in real), len(real), 80),
            share("right cause among the first three", sum(one.three_right for one in real), len(real), 95),
            share("process named", *named(real)),
        ]
    still = [one for one in outcomes if one.quiet]
    if still:
        lines.append(share("silent where nothing was wrong", sum(one.right for one in still), len(still), 100))
    calm = [f"before {one.fault}: {alarm}" for one in outcomes for alarm in one.false_alarms]
    alarms = len(quiet.alarms) + len(calm)
    hours = (quiet.watched_seconds + sum(one.calm_seconds for one in outcomes)) / HOUR_SECONDS
    lines.append(f"false alarms while quiet: {alarms} in {hours:.2f} h (goal: at most 1 an hour)")
    lines += [f"  {alarm}" for alarm in calm]
    return "\n".join(["", *filter(None, lines)])


def named(real: Sequence[Outcome]) -> tuple[int, int]:
    guilty = [one for one in real if one.process]
    return sum(one.process_named for one in guilty), len(guilty)


def share(what: str, part: int, whole: int, goal: int | None = None) -> str:
    ratio = f"{100 * part / whole:.0f}%" if whole else "–"
    return f"{what}: {part} of {whole} ({ratio}" + (f", goal {goal}%)" if goal is not None else ")")
