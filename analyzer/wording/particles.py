"""Korean particles that follow the sound before them: 이/가, 은/는, 을/를."""

from __future__ import annotations

import re

PARENTHESES = re.compile(r"\([^()]*\)\s*$")
HANGUL = range(ord("가"), ord("힣") + 1)
FINALS = 28
# How Korean readers sound the last letter or digit; these end in a consonant: 영 일 삼 육 칠 팔, 엘 엠 엔 알.
CLOSED = frozenset("013678LMNRlmnr")


def particle(word: str, closed: str, opened: str) -> str:
    """`word` with `closed` after a final consonant, else with `opened`. What stands in parentheses isn't sounded."""
    sounded = PARENTHESES.sub("", word).rstrip() or word
    last = sounded[-1:]
    ends_closed = (ord(last) - HANGUL.start) % FINALS != 0 if last and ord(last) in HANGUL else last in CLOSED
    return word + (closed if ends_closed else opened)
