"""A finding's causes in words: how far each came, beside what is usual for it, and how much of the finding it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.data import Cause, Departure, Finding, Language
from analyzer.wording.meanings import Features, meaning
from analyzer.wording.quantities import amount, number, usual

CAUSES_TOLD = 3
# From so many times its usual on, a multiple says more than two numbers.
TIMES_FROM = 2.0


def say_causes(finding: Finding, features: Features, language: Language, *, beside: bool) -> str:
    """The weightiest. Of a finding that ended the worst is said, for at its end all was well again.

    `beside` puts each beside its usual of this hour, where that is known, and what it is now beside its worst.
    """
    known = finding.companions.departures if finding.companions else ()
    speak = _Speaker(features, language, {each.feature: each for each in known}, finding.firing, beside)
    return ", ".join(speak.cause(cause) for cause in finding.causes[:CAUSES_TOLD])


def say_beside(departure: Departure, language: Language) -> str:
    """Like "14× its usual 8 MiB/s for this hour"; empty where what is usual is not known, or reads the same."""
    unit = departure.evidence.unit
    if departure.usual is None or amount(departure.usual, unit) == amount(departure.value, unit):
        return ""
    known, times = amount(departure.usual, unit, language), times_usual(departure)
    if language == "ko":
        when = "이 시간대 평소" if departure.hourly else "평소"
        return f"{when} {known}의 {times}배" if times else f"{when} {known}"
    hour = " for this hour" if departure.hourly else ""
    return f"{times}× its usual {known}{hour}" if times else f"usually {known}{hour}"


def times_usual(departure: Departure) -> str:
    """How many times its usual, "" where a multiple says little."""
    if departure.usual is None or departure.usual <= 0 or departure.evidence.unit == "celsius":
        return ""
    times = departure.value / departure.usual
    return number(float(f"{times:.2g}")) if times >= TIMES_FROM else ""


@dataclass(frozen=True, slots=True)
class _Speaker:
    features: Features
    language: Language
    departures: Mapping[str, Departure]
    firing: bool
    beside: bool

    def cause(self, cause: Cause) -> str:
        left = self.departures.get(cause.feature)
        notes = [self._usual(cause, left), self._share(cause)]
        told = f"{meaning(cause.feature, self.features, self.language)} {self._value(cause, left)}"
        space = "" if self.language == "ko" else " "
        return f"{told}{space}({', '.join(note for note in notes if note)})"

    def _value(self, cause: Cause, left: Departure | None) -> str:
        now, worst = self._amount(cause, cause.evidence.value), self._worst(cause, left)
        if self.firing:
            return f"{now}, {worst}" if self.beside and worst and not worst.endswith(f" {now}") else now
        return worst or self._say(f"{now} at its end", f"종료 시점 {now}")

    def _worst(self, cause: Cause, left: Departure | None) -> str:
        if left is None:
            return ""
        value = self._amount(cause, left.value)
        if _fell(cause, left):
            return self._say(f"down to {value}", f"최저 {value}")
        return self._say(f"up to {value}", f"최고 {value}")

    def _usual(self, cause: Cause, left: Departure | None) -> str:
        told = say_beside(left, self.language) if left and (self.beside or not self.firing) else ""
        proof = cause.evidence
        known = usual(proof.usual_low, proof.usual_high, proof.unit, self.language)
        return told or (self._say(f"usually {known}", f"평소 {known}") if known else "")

    def _share(self, cause: Cause) -> str:
        share = amount(round(cause.share, 2), "ratio")
        return self._say(f"{share} of it", f"기여도 {share}")

    def _amount(self, cause: Cause, value: float) -> str:
        return amount(value, cause.evidence.unit, self.language)

    def _say(self, english: str, korean: str) -> str:
        return korean if self.language == "ko" else english


def _fell(cause: Cause, left: Departure) -> bool:
    low = cause.evidence.usual_low if cause.evidence.usual_low is not None else left.usual
    return low is not None and left.value < low


def first_departed(causes: Sequence[Cause], departures: Sequence[Departure]) -> Departure | None:
    """Of the first cause that left its usual band and whose usual is known."""
    told = {each.feature: each for each in departures if each.usual is not None}
    return next((told[cause.feature] for cause in causes if cause.feature in told), None)
