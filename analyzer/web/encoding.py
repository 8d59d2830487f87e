"""Which content encodings a caller takes (RFC 9110, 12.5.3), and what is compressed unpacked for who takes none."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

GZIP_WINDOW = 31
# Of compressed text; unpacked it is some ten times as much.
BYTES_AT_ONCE = 2**15

REFUSED = re.compile(r"q=0(\.0{0,3})?")


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, with a weight above zero."""
    for offered in accepted.split(","):
        coding, _, weight = offered.partition(";")
        if coding.strip().lower() == "gzip":
            return not REFUSED.fullmatch(weight.strip())
    return False


def unpacked(body: bytes) -> Iterator[bytes]:
    """A gzip file of one member or more on end, piece by piece: a fleet's metrics are a hundred megabytes of text."""
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    for begin in range(0, len(body), BYTES_AT_ONCE):
        piece = body[begin : begin + BYTES_AT_ONCE]
        while piece:
            yield unpacker.decompress(piece)
            piece = unpacker.unused_data
            if unpacker.eof:
                unpacker = zlib.decompressobj(GZIP_WINDOW)
