"""What a conversation was about, so that "그럼 메모리는?" or "and yesterday?" can be understood. Bounded, forgets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic

from cachetools import TTLCache

from analyzer.assistant.understanding import Understanding
from analyzer.assistant.understanding.hostnames import without_hosts
from analyzer.assistant.understanding.intent import Intent
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
    r"\b(?:all|every|each|both|which (?:one|of|host|server|machine|box|node)s?|hosts|servers"
    r"|machines|boxes|fleet|everything|everywhere|anywhere)\b"
    r"|모든|모두|전체|전부|어느|어떤 ?(?:서버|호스트|장비)|(?:서버|호스트|장비)(?:들|별|마다|끼리)|제일 바쁜|가장 바쁜",
    re.IGNORECASE | re.ASCII,
)
SINCE_WHEN = re.compile(
    r"^\W*(?:since when|when did (?:it|this|that) (?:start|begin)|how long(?: now)?)\W*$"
    r"|^\W*언제 ?부터\W*(?:야|요|인가요?|지|였어|그랬어|그래|이래)?\W*$",
    re.IGNORECASE | re.ASCII,
)
TELL_WHEN = frozenset({"cause", "anomaly", "services", "status"})  # answers that say since when
OF_LOGS = re.compile(
    r"\b(?:errors?|warnings?|lines?|entries|logs?|\d+)\b"
    r"|에러|오류|경고|로그|줄|만|\d+|개",
    re.IGNORECASE | re.ASCII,
)
# Short questions after one about a metric are about that metric still: "which process", "when will it be full".
ABOUT_IT = frozenset({"processes", "cause", "forecast", "advice"})
SHORT = 28  # letters; Korean says as much in half of them
# What may stand beside slots without making a question of its own.
FILLERS = re.compile(
    r"\b(?:what|how|about|and|then|also|only|just|there|the|on|for|in|of|is|it|at"
    r"|usage|now|please|ones?|same|last|past|this|server)\b"
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
        repeated = _repeated(text, hosts, slots, earlier)
        if repeated:
            return _again(understood, earlier, *repeated)
        if understood.intent == "other":
            return understood
        if FOLLOWS.search(text):
            return replace(understood, slots=slots.over(earlier.slots))
        about = _still_about(text, understood.intent, slots, earlier)
        metric = slots.metric or _still_of(text, understood, slots, earlier)
        return replace(understood, slots=replace(slots, hosts=about, metric=metric))

    def context(self, session: str) -> str:
        """What a question of this session would lean on; "" for a new session. Part of what an answer depends on."""
        earlier = self._kept.get(session) if session else None
        return f"{earlier.intent} {earlier.slots}" if earlier else ""

    def remember(self, session: str, understood: Understanding) -> None:
        if session and understood.intent != "other":
            self._kept[session] = understood


def _repeated(text: str, hosts: tuple[str, ...], slots: Slots, earlier: Understanding) -> tuple[Intent, Slots] | None:
    """What a text asks that has no question of its own, only other slots for the earlier one; None where it has."""
    if SINCE_WHEN.search(text):
        whole = slots.over(replace(earlier.slots, timespan=None))
        return (earlier.intent if earlier.intent in TELL_WHEN else "cause"), whole
    if earlier.intent == "logs" and _of_logs_alone(text, hosts):
        return "logs", replace(slots, metric="").over(earlier.slots)
    if names_slots_alone(text, hosts):
        same = not slots.metric or earlier.intent in OF_A_METRIC
        return (earlier.intent if same else "value"), slots.over(earlier.slots)
    return None


def _again(understood: Understanding, earlier: Understanding, intent: Intent, slots: Slots) -> Understanding:
    readings = ((intent, earlier.confidence), *understood.readings[:1])
    return replace(understood, slots=slots, readings=readings)


def _still_of(text: str, understood: Understanding, slots: Slots, earlier: Understanding) -> str:
    """The metric of a short question that names none: "which process" after one about the CPU."""
    brief = len(text) * (2 if understood.language == "ko" else 1) <= SHORT and not slots.hosts
    return earlier.slots.metric if brief and understood.intent in ABOUT_IT else ""


def _still_about(text: str, intent: str, slots: Slots, earlier: Understanding) -> tuple[str, ...]:
    """The hosts of a whole question: those spoken of before, unless it names its own or is about all of them."""
    before = earlier.slots.hosts
    if intent == "compare" and len(slots.hosts) == 1 and len(before) == 1 and slots.timespan is None:
        return tuple(dict.fromkeys(before + slots.hosts))  # "compare it with db-2"
    return slots.hosts or (() if OF_ALL.search(text) else before)


def _of_logs_alone(text: str, hosts: tuple[str, ...]) -> bool:
    """Whether a text asks the same log for less or more: "last 5 lines", "what about warnings", "에러만"."""
    rest = without_timespans(without_hosts(FOLLOWS.sub(" ", text), hosts))
    return bool(OF_LOGS.search(rest)) and not FILLERS.sub("", OF_LOGS.sub(" ", rest)).strip()


def names_slots_alone(text: str, hosts: tuple[str, ...]) -> bool:
    """Whether a text only names a metric, a time or a host, as "and on db-2?" does: then it asks the same again."""
    slots = slots_of(text, hosts)
    if not (slots.metric or slots.timespan or slots.hosts):
        return False
    rest = without_timespans(without_hosts(FOLLOWS.sub(" ", text), hosts))
    for pattern in METRICS.values():
        rest = pattern.sub(" ", rest)
    return not FILLERS.sub("", rest).strip()
