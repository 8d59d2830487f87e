"""Which of the known hosts a text names: by label, node name, with or without separators, or a unique beginning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from analyzer.assistant.understanding.vocabulary import words

SPOKEN = (("웹", "web"), ("디비", "db"), ("캐시", "cache"), ("에이피아이", "api"), ("빌드", "build"), ("엣지", "edge"))
# Words that are hosts' first parts and everyday words alike: they name a host only beside a word for a machine.
EVERYDAY = words("everyday")
MACHINE = r"\s*(?:servers?|hosts?|box|boxes|machine|node|서버|호스트|장비|노드|머신|번)"
SHORTEST_BEGINNING = 3


def hosts_named(text: str, hosts: Iterable[str]) -> tuple[str, ...]:
    """The known hosts a text names, in the order they are named. `hosts` are instance labels or node names."""
    known = tuple(hosts)
    spoken = _spoken(text.lower())
    places: dict[str, int] = {}
    for host in sorted(known, key=len, reverse=True):
        for alias in aliases(host):
            match = _pattern(alias).search(spoken)
            if match:
                places.setdefault(host, match.start())
                spoken = spoken[: match.start()] + " " * len(match[0]) + spoken[match.end() :]
                break
    if not places:
        places = dict(_beginnings(spoken, known))
    return tuple(sorted(places, key=lambda host: places[host]))


def without_hosts(text: str, hosts: Iterable[str]) -> str:
    """The text with each known host replaced by one word, so that names don't sway what is understood."""
    spoken = _spoken(text)
    for host in sorted(hosts, key=len, reverse=True):
        for alias in aliases(host):
            spoken = _pattern(alias).sub("server", spoken)
    return spoken


def without_aliases(text: str, named: Mapping[str, str]) -> str:
    """The text with each of the user's own names for a host replaced by the host's; `named[alias]` is that."""
    hosts = {alias.casefold(): host for alias, host in named.items()}
    longest_first = sorted(hosts, key=len, reverse=True)
    if not longest_first:
        return text
    pattern = re.compile(
        "|".join(rf"(?<![a-z0-9_.-]){re.escape(alias)}(?![a-z0-9_]|[-.][a-z0-9])" for alias in longest_first),
        re.IGNORECASE,
    )
    return pattern.sub(lambda found: hosts[found[0].casefold()], text)


def aliases(host: str) -> tuple[str, ...]:
    """A host's label, the same without its port, and the first part of its domain name; longest first."""
    label = host.lower()
    bare = re.sub(r":\d+$", "", label)
    first = bare if re.fullmatch(r"[\d.]+", bare) else bare.split(".")[0]
    return tuple(dict.fromkeys((label, bare, first)))


def _pattern(alias: str) -> re.Pattern[str]:
    parts = re.findall(r"[a-z]+|\d+|[^a-z\d]+", alias)
    loose = "".join(r"[-_. ]?" if re.fullmatch(r"[-_. ]", part) else re.escape(part) for part in parts)
    loose = re.sub(r"(?<=[a-z])(?=\d)", "[-_ ]?", loose)
    return re.compile(rf"(?<![a-z0-9_.-]){loose}(?![a-z0-9_]|[-.][a-z0-9])", re.IGNORECASE)


def _beginnings(text: str, hosts: tuple[str, ...]) -> Iterable[tuple[str, int]]:
    for match in re.finditer(r"[a-z][a-z0-9_-]*", text):
        word = match[0]
        if len(word) < SHORTEST_BEGINNING or (word in EVERYDAY and not re.match(MACHINE, text[match.end() :])):
            continue
        begun = [host for host in hosts if any(alias.startswith(word) for alias in aliases(host))]
        if len(begun) == 1:
            yield begun[0], match.start()


def _spoken(text: str) -> str:
    for korean, english in SPOKEN:
        text = re.sub(rf"{korean}(?=[-_ ]?\d)", english, text)
    return text
