"""Families as Prometheus's text or as OpenMetrics, piece by piece: nobody wants to hold a fleet's twice.

A fleet has hundreds of thousands of samples at each scrape. prometheus_client would write the same, but it sorts and
escapes the labels of every sample anew.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import isfinite

from analyzer.sinks.families import Family, OfHosts, Scrape, finite

ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
HELP_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n"})
LINES_AT_ONCE = 4096
# Text of labels shrinks to a tenth at the fastest level; the next ones take twice as long for little more.
FASTEST = 1
GZIP_WINDOW = 31


class Escaped(dict[str, str]):
    """Label values as they are written. Each is escaped once a scrape: hosts and features come again and again."""

    def __missing__(self, value: str) -> str:
        escaped = self[value] = value.translate(ESCAPED)
        return escaped


class Endings(dict[tuple[str, ...], str]):
    """What stands behind a host's name, for the label values that come after it: `,feature="load1"} `."""

    def __init__(self, labels: Sequence[str], escaped: Escaped) -> None:
        super().__init__()
        self._labels = labels
        self._escaped = escaped

    def __missing__(self, values: tuple[str, ...]) -> str:
        every = zip(self._labels, values, strict=True)
        written = self[values] = "".join(f',{label}="{self._escaped[value]}"' for label, value in every) + "} "
        return written


def expose(families: Iterable[Family], scrape: Scrape, *, openmetrics: bool) -> Iterator[bytes]:
    """Every family that has samples, without the end mark of OpenMetrics."""
    escaped = Escaped()
    for family in families:
        lines = _lines(family, scrape, escaped)
        begun = False
        while some := "".join(islice(lines, LINES_AT_ONCE)):
            yield (some if begun else _head(family, openmetrics=openmetrics) + some).encode()
            begun = True


def packed(pieces: Iterable[bytes], *, gzip: bool) -> bytes:
    """The pieces on end; as one member of a gzip file, of which several on end are one again (RFC 1952, 2.2)."""
    if not gzip:
        return b"".join(pieces)
    packer = zlib.compressobj(FASTEST, zlib.DEFLATED, GZIP_WINDOW)
    return b"".join([packer.compress(piece) for piece in pieces]) + packer.flush()


def _head(family: Family, *, openmetrics: bool) -> str:
    # OpenMetrics names a counter without its suffix; the samples keep it.
    name = family.name.removesuffix("_total") if openmetrics and family.kind == "counter" else family.name
    return f"# HELP {name} {family.help.translate(HELP_ESCAPED)}\n# TYPE {name} {family.kind}\n"


def _lines(family: Family, scrape: Scrape, escaped: Escaped) -> Iterator[str]:
    if isinstance(family.samples, OfHosts):
        return _lines_of_hosts(family, family.samples, scrape, escaped)
    pattern = family.name
    if family.labels:
        pattern += "{" + ",".join(f'{label}="%s"' for label in family.labels) + "}"
    return (
        f"{pattern % tuple([escaped[label] for label in labels])} {float(value)!r}\n"
        for labels, value in finite(family.samples(scrape))
    )


def _lines_of_hosts(family: Family, samples: OfHosts, scrape: Scrape, escaped: Escaped) -> Iterator[str]:
    """The same, for most of all samples: what a host's lines have in common is written once.

    Thirteen digits tell a timestamp to the millisecond, and are written in half the time of all seventeen.
    """
    endings = Endings(family.labels[1:], escaped)
    for report in scrape.report.hosts if scrape.report else ():
        start = f'{family.name}{{{family.labels[0]}="{escaped[report.host.name]}"'
        for labels, value in samples.of(report):
            if isfinite(value):
                yield f"{start}{endings[labels]}{value:.13g}\n"
