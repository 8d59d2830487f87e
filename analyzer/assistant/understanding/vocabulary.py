"""What people call metrics, in English and Korean, tolerant of one slip of the keyboard."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import yaml

FLAGS = re.IGNORECASE | re.ASCII  # ASCII: a Korean particle ends an English word ("CPU가")
WORDS = Path(__file__).with_name("words.yml")


def patterns(section: str) -> dict[str, re.Pattern[str]]:
    """The patterns of one section of words.yml by name, both languages in one."""
    tree = yaml.safe_load(WORDS.read_text(encoding="utf-8"))[section]
    return {name: re.compile("|".join(chain(*languages.values())), FLAGS) for name, languages in tree.items()}


def words(section: str) -> frozenset[str]:
    return frozenset(yaml.safe_load(WORDS.read_text(encoding="utf-8"))["lists"][section])


METRICS = patterns("metrics")
# Words long enough that one slip leaves no other word.
_SPELLINGS = (
    *(("memory", "memory"), ("storage", "disk_space"), ("network", "network"), ("traffic", "network")),
    *(("bandwidth", "network"), ("temperature", "temperature"), ("processor", "cpu"), ("filesystem", "disk_space")),
    *(
        ("disk", "disk_space"),
        ("메모리", "memory"),
        ("디스크", "disk_space"),
        ("네트워크", "network"),
        ("트래픽", "network"),
    ),
)
_SWAPPABLE = 4  # shorter words are too close to others for a changed letter; their letters may only change places


def metric_named(text: str) -> str:
    """The metric a text asks for, "" for none."""
    for name, pattern in METRICS.items():
        if pattern.search(text):
            return name
    return _misspelt(text)


def _misspelt(text: str) -> str:
    for word in re.findall(r"[a-z]{4,}|[가-힣]{3,}", text.lower()):
        for right, metric in _SPELLINGS:
            if one_slip(word, right) or (not right.isascii() and one_slip(word[: len(right)], right)):
                return metric
    return ""


def one_slip(word: str, right: str) -> bool:
    """True where one letter is missing, added, changed, or two neighbours changed places."""
    if word == right:
        return True
    if sorted(word) == sorted(right):
        differ = [i for i in range(len(word)) if word[i] != right[i]]
        return len(differ) == 2 and differ[1] - differ[0] == 1  # noqa: PLR2004 two neighbours
    if len(right) <= _SWAPPABLE and right.isascii():
        return False
    short, long = sorted((word, right), key=len)
    if len(long) - len(short) > 1:
        return False
    start = next((i for i in range(len(short)) if short[i] != long[i]), len(short))
    return short[start + (len(short) == len(long)) :] == long[start + 1 :]
