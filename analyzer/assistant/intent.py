"""Which kind of question it is. So far: how the hosts are, what is abnormal, and everything else."""

from __future__ import annotations

import re

from analyzer.data import Language

HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
KINDS = (
    ("anomaly", re.compile(r"abnormal|anomal|unusual|strange|odd|wrong|이상|비정상|수상", re.IGNORECASE)),
    (
        "status",
        re.compile(
            r"\b(how (is|are)|status|health|ok(ay)?|fine|summary)\b|상태|어때|건강|괜찮|상황|요약", re.IGNORECASE
        ),
    ),
)


def intent_of(text: str) -> str:
    return next((name for name, pattern in KINDS if pattern.search(text)), "other")


def language_of(text: str) -> Language:
    """Korean where any Hangul is written: English names in a Korean question are common, the reverse is not."""
    return "ko" if HANGUL.search(text) else "en"
