"""Korean particles that follow the sound before them: 이/가, 은/는, 을/를."""

from __future__ import annotations

import re

PARENTHESES = re.compile(r"\([^()]*\)\s*$")
HANGUL = range(ord("가"), ord("힣") + 1)
FINALS = 28
# How Korean readers sound the last letter or digit; these end in a consonant: 영 일 삼 육 칠 팔, 엘 엠 엔 알.
CLOSED = frozenset("013678LMNRlmnr")
# After one short vowel these stop it (웹, 깃, 백업); after two, or after a consonant, a vowel follows (루트, 디스크).
STOPPED = re.compile(r"(?:[^\Waeiou\d_]|^)[aeiou][bckpt]$|ng$", re.IGNORECASE | re.ASCII)
# A word's last r is not sounded: 서버, 도커.
SILENT_R = re.compile(r"[a-z]{2}[aeo]r$", re.IGNORECASE)


def particle(word: str, closed: str, opened: str) -> str:
    """`word` with `closed` after a final consonant, else with `opened`. What stands in parentheses isn't sounded."""
    sounded = PARENTHESES.sub("", word).rstrip() or word
    last = sounded[-1:]
    if last and ord(last) in HANGUL:
        ends_closed = (ord(last) - HANGUL.start) % FINALS != 0
    else:
        ends_closed = (last in CLOSED and not SILENT_R.search(sounded)) or STOPPED.search(sounded) is not None
    return word + (closed if ends_closed else opened)
