"""What a question means: intent, slots, and how sure that is. Never asks a network, never runs what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from analyzer.assistant.understanding.intent import Intent, language_of, load_classifier
from analyzer.assistant.understanding.slots import Slots, slots_of
from analyzer.data import Language

SURE = 0.6  # below, the two likeliest readings are offered instead of an answer
NO_METRIC: frozenset[Intent] = frozenset({"status", "services", "logs"})  # "disk errors in the log" asks for log lines


@dataclass(frozen=True, slots=True)
class Understanding:
    """`readings` are the intents with their likelihood, the likeliest first."""

    language: Language
    slots: Slots
    readings: tuple[tuple[Intent, float], ...]

    @property
    def intent(self) -> Intent:
        return self.readings[0][0]

    @property
    def confidence(self) -> float:
        return self.readings[0][1]

    @property
    def sure(self) -> bool:
        return self.confidence >= SURE


def understand(question: str, hosts: Sequence[str]) -> Understanding:
    """Reads a question. `hosts` are the known hosts' labels and node names. About 30 ms; loads its model at first."""
    likelihoods = load_classifier().likelihoods(question, hosts)
    readings = tuple(likelihoods.items())
    slots = Slots() if readings[0][0] == "other" else slots_of(question, hosts)
    if readings[0][0] in NO_METRIC:
        slots = Slots("", slots.timespan, slots.hosts, slots.count, slots.program)
    return Understanding(language_of(question), slots, readings)


def understand_tsv(lines: Iterable[str], hosts: Sequence[str], out: TextIO) -> None:
    """Prints question, intent, metric, window, host, confidence, tab-separated, for each row of a labelled file.

    The question is the column of that name where a header names it, else the last one.
    """
    rows = (line.rstrip("\r\n").split("\t") for line in lines if line.strip())
    header = next(rows, [])
    column = header.index("question") if "question" in header else -1
    print("question\tintent\tmetric\twindow\thost\tconfidence", file=out)
    for row in rows if "question" in header else [header, *rows]:
        if not row:
            continue
        question = row[column] if column < len(row) else ""
        read = understand(question, hosts)
        slots = read.slots
        print(
            question, read.intent, slots.metric, slots.window, slots.host, f"{read.confidence:.3f}", sep="\t", file=out
        )
