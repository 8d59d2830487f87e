"""Whether a model's words rest on the facts they cite: numbers, units, names, metrics, times, verdicts, direction.

What fails is never served. It is strict on purpose: refusing true words costs style, letting through false ones trust.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from analyzer.assistant.models.prompt import Fact
from analyzer.assistant.models.quantities import MONTHS, Quantity, clocks_in, dates_in, quantities_in, strange_digits
from analyzer.assistant.understanding.cues import CUES
from analyzer.assistant.understanding.vocabulary import METRICS
from analyzer.data import Language

HANGUL = re.compile(r"[가-힣]")
FOREIGN = re.compile(r"[\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]")
# A family of words that pass a judgement: allowed only where a cited fact passes it too.
JUDGEMENTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:fine|healthy|normal(?:ly)?|ok(?:ay)?|stable|good|safe)\b|정상|안정|양호|건강|안전|괜찮",
        r"\bno (?:problem|issue|error|anomal|cause for)|nothing (?:is )?(?:wrong|abnormal)|(?:이상|문제)(?:이|가)? ?없",
        r"\bcritical|severe|serious|심각|치명",
        r"\bwarning|주의|경고",
        r"\burgent|immediate|emergency|danger|긴급|시급|위험|즉시",
        r"\bfail|crash|broken|outage|\bdown\b|\bdead\b|실패|장애|다운|죽",
        r"\battack|hack|breach|compromis|malware|intru|공격|해킹|침해|악성",
        r"\b(?:caus|due to|because|result|reason)|때문|원인|유발|탓",
        r"\bunusual|abnormal|anomal|strang|평소와 다|비정상|이상",
        r"\blearning|학습",
    )
)
UP = re.compile(
    r"\b(?:ris|rose|increas|grew|grow|climb|jump|higher|up from|spik|surg|doubl|tripl)"
    r"|증가|상승|늘|올라|급증|높아|치솟",
    re.IGNORECASE,
)
DOWN = re.compile(
    r"\b(?:fall|fell|decreas|drop|lower|declin|shr[aiu]nk|reduc|halv)|감소|하락|줄|내려|급감|낮아|떨어", re.IGNORECASE
)
ARROW = re.compile(
    r"from (\S+(?: [A-Za-z%/]+)?) to (\S+(?: [A-Za-z%/]+)?)|(\S+(?: [A-Za-z%/]+)?) → (\S+(?: [A-Za-z%/]+)?)"
)
COMMANDS = re.compile(
    r"`|https?:|www\.|\b(?:sudo|rm -|kill|systemctl|curl|wget|chmod|chown|reboot|shutdown|apt-get|mkfs|dd if)\b"
    r"|[|&]{2}|\$\(|<[a-z/]",
    re.IGNORECASE,
)
NAMELIKE = re.compile(
    r"(?<![\w.:/-])[A-Za-z][A-Za-z0-9]*(?:[-_.:/@][A-Za-z0-9]+)+|(?<![\w.:/-])[A-Za-z]+\d+\w*|\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?"
)
HYPHENED = re.compile(r"^[a-z]+(?:-[a-z]+)+$")
CAPITAL = re.compile(r"(?<=[a-z,;:] )[A-Z][A-Za-z]+")
ASCII_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
KNOWN_LATIN = frozenset("cpu ram io tcp udp gpu utc kst gib mib kib tib b s ms min h d c ip i o swap".split())  # noqa: SIM905 a list of words
QUOTE = re.compile(r"“[^”]*”|\"[^\"]*\"")
MARK = re.compile(r"\s*\[E\d+\]")
STOCK = Path(__file__).with_name("stock.yml")
UNHEARD = 0.25  # the share of a sentence's words that may come from nowhere
LONGER = 1.6  # times the facts' length a wording may have


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a model with the evidence it cites."""

    text: str
    cites: tuple[str, ...]

    @property
    def marked(self) -> str:
        return MARK.sub("", self.text).strip() + " " + "".join(f"[{cite}]" for cite in self.cites)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What may be said: the facts, every name that is known, and the language to say it in."""

    facts: tuple[Fact, ...]
    names: frozenset[str]
    language: Language

    def cited(self, cites: Sequence[str]) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if set(fact.ids) & set(cites))


def refusal(sentences: Sequence[Sentence], grounds: Grounds) -> str:
    """Why these sentences can't be served; "" when every one of them rests on the facts it cites."""
    if not sentences:
        return "it says nothing"
    size = sum(len(sentence.text) for sentence in sentences)
    allowed = max(300, LONGER * sum(len(fact.text) for fact in grounds.facts))
    if size > allowed:
        return "it is much longer than the facts"
    known = {i for fact in grounds.facts for i in fact.ids}
    for sentence in sentences:
        if not sentence.cites or not set(sentence.cites) <= known:
            return f"a sentence cites {', '.join(sentence.cites) or 'nothing'}"
        problem = _problem(sentence, grounds)
        if problem:
            return problem
    return ""


def _problem(sentence: Sentence, grounds: Grounds) -> str:
    facts = grounds.cited(sentence.cites)
    whole = "\n".join(fact.text for fact in facts)
    text, said = _unquoted(MARK.sub("", sentence.text), whole), QUOTE.sub(" ", whole)
    command = COMMANDS.search(text) and not COMMANDS.search(said)
    return (
        _wrong_language(text, said, grounds.language)
        or _wrong_name(text, said, grounds)
        or _wrong_time(text, said)
        or _wrong_metric(text, said)
        or _wrong_number(text, facts, grounds)
        or _wrong_judgement(text, said)
        or _wrong_direction(text, said)
        or ("it holds a command or an address" if command else "")
        or _unheard_of(text, said)
    )


def _unquoted(text: str, whole: str) -> str:
    """The text without what it quotes word for word: log lines may be quoted, but what they claim is no fact."""
    return QUOTE.sub(lambda match: " " if match[0][1:-1] in whole else match[0], text)


def _wrong_language(text: str, said: str, language: Language) -> str:
    if FOREIGN.search(text) and not FOREIGN.search(said):
        return "it is written in another language"
    if language == "en":
        strange = set(re.findall(r"[가-힣]+", text)) - set(re.findall(r"[가-힣]+", said))
        return "it is written in another language" if strange else ""
    if not HANGUL.search(text):
        return "it is not written in Korean"
    allowed = {word.lower() for word in ASCII_WORD.findall(said)} | KNOWN_LATIN
    unknown = [word for word in ASCII_WORD.findall(text) if word.lower() not in allowed]
    return f"it says “{unknown[0]}”, which no cited fact says" if unknown else ""


def _wrong_name(text: str, said: str, grounds: Grounds) -> str:
    lower = said.lower()
    for name in grounds.names:
        if _mentions(text, name) and not _mentions(said, name):
            return f"it names {name}, which no cited fact names"
    candidates = [m[0].rstrip(".,:") for m in NAMELIKE.finditer(text)]
    candidates += [m[0] for m in CUES["program"].finditer(text)]
    candidates += (
        [word for word in CAPITAL.findall(text) if word[:3].lower() not in MONTHS] if grounds.language == "en" else []
    )
    for name in candidates:
        plain_word = HYPHENED.match(name) and all(len(part) > 2 for part in name.split("-"))  # noqa: PLR2004 "web-db" is a host
        if name.lower() not in lower and not (plain_word and _everyday(name)):
            return f"it names {name}, which no cited fact names"
    return ""


def _everyday(name: str) -> bool:
    first, _, _ = name.partition("-")
    _, _, last = name.rpartition("-")
    return first in {"long", "high", "low", "well", "short", "real", "near", "ongoing"} or last in {
        "related", "level", "term", "based", "running", "bound", "intensive", "wide",
    }  # fmt: skip


def _mentions(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![A-Za-z0-9_.-]){re.escape(name)}(?![A-Za-z0-9_]|-[A-Za-z0-9])", text, re.IGNORECASE))


def _wrong_time(text: str, said: str) -> str:
    for kind, found in (("time", clocks_in), ("date", dates_in)):
        strange = found(text) - found(said)
        if strange:
            return f"it tells a {kind} that no cited fact tells"
    return ""


def _wrong_number(text: str, facts: Sequence[Fact], grounds: Grounds) -> str:
    if strange_digits(text):
        return "it writes numbers in another script"
    hosts = sorted(grounds.names, key=len, reverse=True)
    allowed = [q for fact in facts for q in quantities_in(fact.text, hosts)]
    for quantity in quantities_in(text, hosts):
        if not any(_same(quantity, q) for q in allowed):
            return f"the number {quantity.text} stands in no cited fact as it is said"
    return ""


def _same(said: Quantity, fact: Quantity) -> bool:
    """The same quantity of the same metric, host and time, rounded no finer than the fact has it."""
    if said.kind != fact.kind or abs(said.value - fact.value) > said.half + 1e-9 * abs(fact.value):
        return False
    if said.half < fact.half * 0.99:
        return False
    if fact.role and (said.role or "now") != fact.role:
        return False
    same_metric = not said.metrics or not fact.metrics or bool(said.metrics & fact.metrics)
    return same_metric and (not said.host or not fact.host or said.host == fact.host)


def _wrong_metric(text: str, said: str) -> str:
    for metric, pattern in METRICS.items():
        if pattern.search(text) and not pattern.search(said):
            return f"it speaks of {metric}, which no cited fact does"
    return ""


def _wrong_judgement(text: str, said: str) -> str:
    for pattern in JUDGEMENTS:
        match = pattern.search(text)
        if match and not pattern.search(said):
            return f"it judges “{match[0]}”, which no cited fact does"
    return ""


def _wrong_direction(text: str, said: str) -> str:
    """It must not rise where the facts say that it falls, nor the reverse."""
    ways = {way for way, pattern in (("up", UP), ("down", DOWN)) if pattern.search(said)} | _arrows(said)
    for way, pattern in (("up", UP), ("down", DOWN)):
        match = pattern.search(text)
        if match and way not in ways:
            return f"it says “{match[0]}”, which no cited fact does"
    return ""


def _unheard_of(text: str, said: str) -> str:
    """A sentence must say something of its facts, in their words or in such as claim nothing by themselves."""
    known_latin, known_korean = (frozenset(found) for found in _stems(said))
    stock_latin, stock_korean = _stock()
    latin, korean = _stems(text)
    if not (set(latin) & known_latin or set(korean) & known_korean or quantities_in(text, ())):
        return "it says nothing of the facts"
    unheard = [stem for stem in latin if stem not in known_latin | stock_latin]
    unheard += [stem for stem in korean if stem not in known_korean | stock_korean and stem not in said]
    if len(unheard) > UNHEARD * (len(latin) + len(korean)):
        return f"it says “{unheard[0]}…”, which no cited fact does"
    return ""


def _stems(text: str) -> tuple[list[str], list[str]]:
    """The beginnings of English words of four letters and more, and of Korean words of two syllables and more."""
    latin = [word[:5].lower() for word in re.findall(r"[A-Za-z]{4,}", text)]
    return latin, [word[:2] for word in re.findall(r"[가-힣]{2,}", text)]


@cache
def _stock() -> tuple[frozenset[str], frozenset[str]]:
    tree = yaml.safe_load(STOCK.read_text(encoding="utf-8"))
    return frozenset(word[:5] for word in tree["en"]), frozenset(tree["ko"])


def _arrows(said: str) -> set[str]:
    ways = set()
    for match in ARROW.finditer(said):
        ends = [quantities_in(part, ()) for part in match.groups() if part]
        if len(ends) == 2 and all(ends) and ends[0][0].kind == ends[1][0].kind:  # noqa: PLR2004 from and to
            ways.add("up" if ends[1][0].value > ends[0][0].value else "down")
    return ways
