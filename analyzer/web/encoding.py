"""Which content encodings a caller takes (RFC 9110, 12.5.3)."""

from __future__ import annotations

import re

REFUSED = re.compile(r"q=0(\.0{0,3})?")


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, with a weight above zero."""
    for offered in accepted.split(","):
        coding, _, weight = offered.partition(";")
        if coding.strip().lower() == "gzip":
            return not REFUSED.fullmatch(weight.strip())
    return False
