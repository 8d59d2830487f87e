"""The template miner: lines that differ only in numbers, addresses, ids and names become one template with a count.

A tree of fixed depth, after Drain (He et al., ICWS 2017): source and severity, number of words, first word, then the
most similar of the templates there, or a new one. One setting for all systems. At most `most` templates are kept: the
one not seen for longest makes room.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import eq

ANY = "<*>"
SIMILAR = 0.6
"""Share of its words in which a line has to agree with a template, words that may be anything included."""
FIXED = 0.4
"""Share of its words that a template keeps fixed, however many lines it takes in."""
MOST_WORDS = 60
MOST_IN_LEAF = 50
MOST_SHAPES = 2_000
MOST_KNOWN_WORDS = 4_000
LONGEST_WORD = 100

STAMP = re.compile(
    r"\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|\s?[+-]\d\d:?\d\d)?"
    r"|[A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d(?:\.\d+)?"
    r"|\d\d:\d\d:\d\d(?:[.,]\d+)?|\d{9,16}(?:\.\d+)?)\]?\s+"
)
"""The time that a line begins with says nothing of its kind."""
DIGIT = re.compile(r"\d")
MASKS = re.compile(
    r"(?P<uuid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)"
    r"|(?P<time>\b\d{4}[-/]\d\d[-/]\d\d(?:T\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])"
    r"|\b\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d|\b\d\d:\d\d:\d\d(?:[.,]\d+)?(?![\w:]))"
    r"|(?P<mac>\b(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\b)"
    r"|(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?\b"
    r"|(?<![\w:.])(?:(?:[0-9A-Fa-f]{1,4}::?){2,7}|[0-9A-Fa-f]{1,4}::)[0-9A-Fa-f]{1,4}(?![\w:]))"
    r"|(?P<hex>\b0[xX][0-9A-Fa-f]+\b|\b(?=\d*[a-fA-F])[0-9a-fA-F]{8,}\b)"
    r"|(?P<id>\b(?=[a-z0-9_-]*[A-Z])(?=[A-Z0-9_-]*[a-z])[\w-]{16,}\b)"
    r"|(?P<num>\d+(?:[.,:]\d+)*)"
)
"""What differs from line to line without making it another kind of line; looked for in words that have a digit."""


class Template:
    """Lines of one shape, from one source, of one severity."""

    __slots__ = (
        "count", "example", "first_seconds", "free", "identity", "kept", "last_seconds", "leaf", "severity", "source",
        "words",
    )  # fmt: skip

    def __init__(self, words: list[str], source: str, severity: str, leaf: Leaf) -> None:
        self.words = words
        self.free = 0
        self.source = source
        self.severity = severity
        self.leaf = leaf
        self.kept = True
        self.count = 0
        self.example = ""
        self.first_seconds = self.last_seconds = 0.0
        self.identity = _digest("\0".join([source, severity, *words]))

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def widen(self, words: list[str]) -> None:
        """Let the words that differ be anything."""
        if self.words != words:
            self.words = [mine if mine == its else ANY for mine, its in zip(self.words, words, strict=True)]
            self.free = self.words.count(ANY)


Leaf = list[Template]
Shape = tuple[str, str, str]


@dataclass(slots=True)
class Miner:
    """All templates, the most recently seen last."""

    most: int = 500
    evicted: int = 0
    _leaves: dict[tuple[str, str, int, str], Leaf] = field(default_factory=dict)
    _kept: OrderedDict[Template, None] = field(default_factory=OrderedDict)
    _shapes: dict[Shape, Template] = field(default_factory=dict)
    _words: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Template]:
        return iter(self._kept)

    def learn(self, line: str, source: str, severity: str, seconds: float) -> Template:
        """The template of a line without secrets, counted. Seconds are those since the epoch."""
        stamp = STAMP.match(line)
        words = [self._sign(word) for word in line[stamp.end() if stamp else 0 :].split(None, MOST_WORDS)[:MOST_WORDS]]
        shape = (source, severity, " ".join(words))
        template = self._shapes.get(shape)
        if template is None or not template.kept:
            template = self._place(words or [""], source, severity)
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            self._shapes[shape] = template
        if not template.count:
            template.example, template.first_seconds = line, seconds
        template.count += 1
        template.last_seconds = seconds
        self._kept.move_to_end(template)
        return template

    def _sign(self, word: str) -> str:
        """The word with a sign for what differs from line to line."""
        if word.isalpha():
            return word
        sign = self._words.get(word)
        if sign is None:
            if len(self._words) >= MOST_KNOWN_WORDS:
                self._words.clear()
            short = word[:LONGEST_WORD]
            sign = self._words[short] = MASKS.sub(_name, short) if DIGIT.search(short) else short
        return sign

    def _place(self, words: list[str], source: str, severity: str) -> Template:
        """The template that takes in this line, widened for it, or a new one."""
        first = ANY if "<" in words[0] else words[0]
        place = (source, severity, len(words), first)
        leaf = self._leaves.setdefault(place, [])
        best, most_same = None, -1
        for template in leaf:
            same = sum(map(eq, template.words, words))
            if same > most_same and _takes(same, template.free, len(words)):
                best, most_same = template, same
        if best is not None:
            best.widen(words)
            return best
        if len(leaf) >= MOST_IN_LEAF:
            self._evict(min(leaf, key=lambda one: one.last_seconds))
        elif len(self._kept) >= self.most:
            self._evict(next(iter(self._kept)))
        new = Template(words, source, severity, leaf)
        # Room was made perhaps by giving up this very leaf.
        self._leaves[place] = leaf
        leaf.append(new)
        self._kept[new] = None
        return new

    def _evict(self, template: Template) -> None:
        template.kept = False
        template.leaf.remove(template)
        del self._kept[template]
        self.evicted += 1
        if not template.leaf:
            self._leaves = {place: leaf for place, leaf in self._leaves.items() if leaf}


def _digest(text: str) -> str:
    """FNV-1a of 64 bits, http://www.isthe.com/chongo/tech/comp/fnv/; hashlib would bring all of OpenSSL into memory."""
    digest = 0xCBF29CE484222325
    for byte in text.encode(errors="replace"):
        digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def _takes(same: int, free: int, words: int) -> bool:
    """Whether a template takes in a line that has so many words in common with it."""
    return same + free == words or (same + free >= SIMILAR * words and same >= FIXED * words)


def _name(match: re.Match[str]) -> str:
    return f"<{match.lastgroup}>"
