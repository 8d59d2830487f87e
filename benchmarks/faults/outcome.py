"""What was told of a fault, and whether that was right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.faults.listed import Fault

SEVERITIES = ("info", "warning", "critical")


@dataclass(frozen=True)
class Told:
    """A finding, as far as it matters here. `text` is all that it says; times are epoch seconds."""

    kind: str
    severity: str
    starts_at: float
    firing: bool
    causes: tuple[str, ...]
    text: str

    @property
    def line(self) -> str:
        """As one false alarm is listed."""
        return f"{self.kind}: {self.text or ', '.join(self.causes)}"


@dataclass(frozen=True)
class Outcome:
    """What came of one fault. `after_seconds` None: nothing was told. `false_alarms` came in the calm before it."""

    fault: str
    quiet: bool
    after_seconds: float | None
    kinds: tuple[str, ...]
    severity: str
    causes: tuple[str, ...]
    first_right: bool
    three_right: bool
    process: str
    process_named: bool
    false_alarms: tuple[str, ...]
    calm_seconds: float
    texts: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Told when something was wrong, and silent when nothing was."""
        return (self.after_seconds is None) == self.quiet


def outcome(
    fault: Fault,
    after: float | None,
    told: Sequence[Told],
    false_alarms: Sequence[Told] = (),
    calm_seconds: float = 0.0,
) -> Outcome:
    causes = blamed(told)
    return Outcome(
        fault=fault.name,
        quiet=fault.quiet,
        after_seconds=after,
        kinds=tuple(dict.fromkeys(one.kind for one in told)),
        severity=max((one.severity for one in told), key=SEVERITIES.index, default=""),
        causes=causes[:5],
        first_right=bool(causes) and causes[0] in fault.causes,
        three_right=any(cause in fault.causes for cause in causes[:3]),
        process=fault.process,
        process_named=bool(fault.process) and any(fault.process in one.text for one in told),
        false_alarms=tuple(one.line for one in false_alarms),
        calm_seconds=calm_seconds,
        texts=tuple(one.text for one in told),
    )


def blamed(told: Sequence[Told]) -> tuple[str, ...]:
    """The features in the order in which a person reads them: an anomaly ranks causes, a saturation is its own."""
    ranked = sorted(told, key=lambda one: one.kind != "anomaly")
    return tuple(dict.fromkeys(cause for one in ranked for cause in one.causes))
