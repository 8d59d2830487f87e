"""Families as Prometheus's text or as OpenMetrics.

A fleet has hundreds of thousands of samples at each scrape. prometheus_client would write the same, but it sorts and
escapes the labels of every sample anew.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.sinks.families import Family, Scrape, finite

ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
HELP_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n"})


class Escaped(dict[str, str]):
    """Label values as they are written. Each is escaped once a scrape: hosts and features come again and again."""

    def __missing__(self, value: str) -> str:
        escaped = self[value] = value.translate(ESCAPED)
        return escaped


def expose(families: Sequence[Family], scrape: Scrape, *, openmetrics: bool) -> str:
    """Every family that has samples, without the end mark of OpenMetrics."""
    escaped = Escaped()
    return "".join(block for family in families for block in _family(family, scrape, escaped, openmetrics=openmetrics))


def _family(family: Family, scrape: Scrape, escaped: Escaped, *, openmetrics: bool) -> Iterator[str]:
    pattern = family.name
    if family.labels:
        pattern += "{" + ",".join(f'{label}="%s"' for label in family.labels) + "}"
    lines = [
        f"{pattern % tuple([escaped[label] for label in labels])} {float(value)!r}\n"
        for labels, value in finite(family.samples(scrape))
    ]
    if not lines:
        return
    # OpenMetrics names a counter without its suffix; the samples keep it.
    name = family.name.removesuffix("_total") if openmetrics and family.kind == "counter" else family.name
    yield f"# HELP {name} {family.help.translate(HELP_ESCAPED)}\n# TYPE {name} {family.kind}\n"
    yield from lines
