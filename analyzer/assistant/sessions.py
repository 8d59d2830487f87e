"""What a conversation was about, so that "그럼 메모리는?" or "and yesterday?" can be understood. Bounded, forgets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic

from cachetools import TTLCache

from analyzer.assistant.understanding import Understanding
from analyzer.assistant.understanding.hostnames import without_hosts
from analyzer.assistant.understanding.slots import Slots, slots_of
from analyzer.assistant.understanding.timespans import without_timespans
from analyzer.assistant.understanding.vocabulary import METRICS

FOLLOWS = re.compile(
    r"^\s*(?:(?:and|what about|how about|then|also|but|so)\b|그럼|그러면|그리고|또|근데|그런데)",
    re.IGNORECASE | re.ASCII,
)
# "And memory?" asks these again of another metric; after any other question it asks for the value.
OF_A_METRIC = frozenset({"value", "forecast", "compare", "processes", "anomaly"})
OF_ALL = re.compile(
    r"\b(?:all|every|each|both|which|hosts|servers|machines|boxes|fleet|everything|everywhere|anywhere)\b"
    r"|모든|모두|전체|전부|어느|어떤 ?(?:서버|호스트|장비)|(?:서버|호스트|장비)(?:들|별|마다|끼리)|제일 바쁜|가장 바쁜",
    re.IGNORECASE | re.ASCII,
)
# What may stand beside slots without making a question of its own.
FILLERS = re.compile(
    r"\b(?:what|how|about|and|then|also|the|on|for|in|of|is|it|at|usage|now|please|ones?|same|last|past|this|server)\b"
    r"|은|는|이|가|도|요|의|에서|에|쪽|지금|현재|동안|사용률|사용량|거|건|[^\w가-힣]|어때|어떄",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Sessions:
    """The last understanding of each session; `most` are kept for `seconds` after their last question."""

    most: int = 1000
    seconds: float = 1800.0
    clock: Callable[[], float] = monotonic
    _kept: TTLCache[str, Understanding] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kept", TTLCache(self.most, self.seconds, self.clock))

    def continued(self, session: str, text: str, understood: Understanding, hosts: tuple[str, ...]) -> Understanding:
        """The question read as a continuation of the session's last one where it leans on it."""
        earlier = self._kept.get(session) if session else None
        if earlier is None:
            return understood
        slots = slots_of(text, hosts)
        if names_slots_alone(text, hosts):
            intent = earlier.intent if not slots.metric or earlier.intent in OF_A_METRIC else "value"
            readings = ((intent, earlier.confidence), *understood.readings[:1])
            return replace(understood, slots=slots.over(earlier.slots), readings=readings)
        if understood.intent == "other":
            return understood
        if FOLLOWS.search(text):
            return replace(understood, slots=slots.over(earlier.slots))
        return replace(understood, slots=replace(slots, hosts=_still_about(text, understood.intent, slots, earlier)))

    def context(self, session: str) -> str:
        """What a question of this session would lean on; "" for a new session. Part of what an answer depends on."""
        earlier = self._kept.get(session) if session else None
        return f"{earlier.intent} {earlier.slots}" if earlier else ""

    def remember(self, session: str, understood: Understanding) -> None:
        if session and understood.intent != "other":
            self._kept[session] = understood


def _still_about(text: str, intent: str, slots: Slots, earlier: Understanding) -> tuple[str, ...]:
    """The hosts of a whole question: those spoken of before, unless it names its own or is about all of them."""
    before = earlier.slots.hosts
    if intent == "compare" and len(slots.hosts) == 1 and len(before) == 1 and slots.timespan is None:
        return tuple(dict.fromkeys(before + slots.hosts))  # "compare it with db-2"
    return slots.hosts or (() if OF_ALL.search(text) else before)


def names_slots_alone(text: str, hosts: tuple[str, ...]) -> bool:
    """Whether a text only names a metric, a time or a host, as "and on db-2?" does: then it asks the same again."""
    slots = slots_of(text, hosts)
    if not (slots.metric or slots.timespan or slots.hosts):
        return False
    rest = without_timespans(without_hosts(FOLLOWS.sub(" ", text), hosts))
    for pattern in METRICS.values():
        rest = pattern.sub(" ", rest)
    return not FILLERS.sub("", rest).strip()
