"""Whether a model's words rest on the facts they cite: numbers, units, names, metrics, times, verdicts, direction.

What fails is never served. It is strict on purpose: refusing true words costs style, letting through false ones trust.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer.assistant.models.binding import Names, Quantity, bare_name, mentions, quantities_in
from analyzer.assistant.models.claims import wrong_denial, wrong_direction, wrong_judgement
from analyzer.assistant.models.prompt import Fact
from analyzer.assistant.models.quantities import MONTHS, Number, clocks_in, dates_in, strange_digits
from analyzer.assistant.models.unheard import unheard_of
from analyzer.assistant.understanding.cues import CUES
from analyzer.assistant.understanding.vocabulary import METRICS
from analyzer.data import Language

HANGUL = re.compile(r"[가-힣]")
FOREIGN = re.compile(r"[\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]")
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
COUNTED = {
    "host": re.compile(
        r"#\s*(?:hosts?|servers?|machines?|boxes)\b|#\s*대|#\s*개?의?\s*(?:호스트|서버|장비)|(?:호스트|서버|장비)\s*#"
    ),
    "subject": re.compile(
        r"#\s*(?:\w+\s)?(?:process|program|service|unit)(?:e?s)?\b|#\s*개?의?\s*(?:프로세스|프로그램|서비스)|(?:프로세스|프로그램|서비스)\s*#"
    ),
}
QUOTE = re.compile(r"“[^”]*”|\"[^\"]*\"")
MARK = re.compile(r"\s*\[E\d+\]")
PAIRS = {("before", "now"), ("low", "high"), ("usual low", "usual high"), ("", "usual low"), ("now", "usual low")}
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
    names: Names
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
    facts = _about(MARK.sub("", sentence.text), grounds.cited(sentence.cites), grounds.names)
    whole = "\n".join(fact.text for fact in facts)
    text, said = _unquoted(MARK.sub("", sentence.text), whole), QUOTE.sub(" ", whole)
    named = " ".join((said, *sorted(name for fact in facts for name in fact.about)))
    told, allowed = quantities_in(text, grounds.names), [q for fact in facts for q in _quantities(fact, grounds.names)]
    command = COMMANDS.search(text) and not COMMANDS.search(said)
    return (
        _wrong_language(text, named, grounds.language)
        or _wrong_name(text, named, grounds)
        or _wrong_time(text, said)
        or _wrong_metric(text, said)
        or _wrong_number(text, told, allowed, _counts(named, grounds.names))
        or wrong_judgement(text, said)
        or wrong_denial(text, said)
        or wrong_direction(text, said, told, allowed)
        or ("it holds a command or an address" if command else "")
        or unheard_of(text, said, grounds.names)
    )


def _about(text: str, facts: Sequence[Fact], names: Names) -> tuple[Fact, ...]:
    """Those of the cited facts that are about what the text names: what is true of one host is not of another."""
    for known in (names.hosts, names.subjects):
        named = {bare_name(name) for name in known if mentions(text, name)}
        of = {fact: {bare_name(n) for n in known if n in fact.about or mentions(fact.text, n)} for fact in facts}
        kept = tuple(fact for fact in facts if not named or not of[fact] or of[fact] & named)
        facts = kept if any(of[fact] for fact in kept) or not named else facts
    return tuple(facts)


def _quantities(fact: Fact, names: Names) -> list[Quantity]:
    """A fact's quantities; where its words name no host, they are of the host that its evidence is about."""
    hosts = frozenset(bare_name(name) for name in fact.about & names.hosts)
    return [q if q.hosts else replace(q, hosts=hosts) for q in quantities_in(fact.text, names)]


def _counts(named: str, names: Names) -> dict[str, int]:
    """How many different hosts, and how many things that run on them, the cited facts name."""
    hosts = {bare_name(name) for name in names.hosts if mentions(named, name)}
    return {"host": len(hosts), "subject": sum(mentions(named, name) for name in names.subjects)}


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


def _wrong_name(text: str, named: str, grounds: Grounds) -> str:
    lower = named.lower()
    for name in grounds.names.all:
        if mentions(text, name) and not mentions(named, name):
            return f"it names {name}, which no cited fact names"
    candidates = [m[0].rstrip(".,:") for m in NAMELIKE.finditer(text)]
    candidates += [m[0] for m in CUES["program"].finditer(text)]
    if grounds.language == "en":
        candidates += [w for w in CAPITAL.findall(text) if w[:3].lower() not in MONTHS and w.lower() not in KNOWN_LATIN]
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


def _wrong_time(text: str, said: str) -> str:
    for kind, found in (("time", clocks_in), ("date", dates_in)):
        strange = found(text) - found(said)
        if strange:
            return f"it tells a {kind} that no cited fact tells"
    return ""


def _wrong_number(text: str, told: Sequence[Quantity], allowed: Sequence[Quantity], counts: Mapping[str, int]) -> str:
    if strange_digits(text):
        return "it writes numbers in another script"
    for quantity, earlier in zip(told, (None, *told), strict=False):
        number = quantity.number
        counted = next((of for of, pattern in COUNTED.items() if pattern.search(_around(text, number))), "")
        if number.kind == "count" and counted and number.value == counts[counted]:
            continue
        if not any(_plainly(quantity, told, fact, allowed) for fact in allowed) and not _extreme(quantity, allowed):
            return f"the number {number.text} stands in no cited fact as it is said"
        if earlier and (earlier.role, quantity.role) in PAIRS and earlier.number.kind != number.kind:
            return f"it compares {earlier.number.text} with {number.text}"
    return ""


def _plainly(quantity: Quantity, told: Sequence[Quantity], fact: Quantity, allowed: Sequence[Quantity]) -> bool:
    """Whether the fact's quantity is said, and it is plain of whom: that need not be named where there is but one."""
    if quantity.subjects and not fact.subjects and any(quantity.subjects & q.subjects for q in allowed):
        return False  # the host's figure for that of a program whose own is known
    subjects = any(q.subjects for q in told) or len({q.subjects for q in allowed}) == 1
    hosts = any(q.hosts for q in told) or len({q.hosts for q in allowed if q.hosts}) <= 1
    known_subject = not fact.subjects or bool(quantity.subjects) or subjects
    known_host = not fact.hosts or hosts or bool(quantity.subjects & fact.subjects)
    return quantity.says(fact) and known_subject and known_host


def _extreme(quantity: Quantity, allowed: Sequence[Quantity]) -> bool:
    """Whether it is called the highest of several hosts' figures, of which no fact calls one so, and is."""
    if quantity.role not in {"highest", "lowest"}:
        return False
    plain = replace(quantity, role="")
    alike = [
        q for q in allowed if q.number.kind == quantity.number.kind and q.metrics == quantity.metrics and not q.role
    ]
    values = [q.number.value for q in alike]
    best = (max if quantity.role == "highest" else min)(values, default=None)
    return any(plain.says(q) and q.number.value == best for q in alike)


def _around(text: str, number: Number) -> str:
    """A number as "#" with the words right beside it."""
    return f"{text[max(0, number.place - 12) : number.place]}#{number.text}#{text[number.end : number.end + 16]}"


def _wrong_metric(text: str, said: str) -> str:
    for metric, pattern in METRICS.items():
        if pattern.search(text) and not pattern.search(said):
            return f"it speaks of {metric}, which no cited fact does"
    return ""
