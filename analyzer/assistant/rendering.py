"""A report as Markdown, as one HTML page that needs nothing else, or as JSON."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import TypeAdapter

from analyzer.assistant.document import VERDICTS, Document, Section
from analyzer.data import Evidence, HostStatus, Recommendation
from analyzer.wording import moment, number

Format = Literal["md", "html", "json"]
MARK = re.compile(r"\s*\[E\d+\]")
PAGE = TypeAdapter(Document)
STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#1b1b1b}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left}"
    "code{background:#f3f3f3;padding:.1em .3em;overflow-wrap:anywhere}h1,h2{line-height:1.2}"
    ".critical,.silent{color:#a40000}.warning{color:#8a5a00}.ok{color:#0a6b2d}"
)


def render(document: Document, to: Format) -> str:
    return RENDERERS[to](document)


def as_json(document: Document) -> str:
    return PAGE.dump_json(document, indent=2).decode()


def as_markdown(document: Document) -> str:
    parts = [f"# {document.say('title')}", f"{document.say('period')}: {_period(document)}", _host_table(document)]
    for section in document.sections:
        parts += [f"## {section.title}", _plain(section.draft.summary)]
        lines = "\n".join(f"- {_plain(line)}" for line in _lines(section))
        parts += [lines] if lines else []
    parts += [_steps(document)] if document.recommendations else []
    evidence = [f"- {_told(document, e)}: `{e.promql}`" for e in _evidence(document)]
    parts += [f"## {document.say('evidence')}", "\n".join(evidence)] if evidence else []
    return "\n\n".join(part for part in parts if part) + "\n"


def as_html(document: Document) -> str:
    body = [f"<h1>{document.say('title')}</h1>", f"<p>{document.say('period')}: {_escape(_period(document))}</p>"]
    body.append(_html_table(document))
    for section in document.sections:
        body += [f"<h2>{_escape(section.title)}</h2>", f"<p>{_escape(_plain(section.draft.summary))}</p>"]
        lines = "".join(f"<li>{_escape(_plain(line))}</li>" for line in _lines(section))
        body += [f"<ul>{lines}</ul>"] if lines else []
        body += [_html_step(document, step) for step in section.draft.recommendations]
    evidence = "".join(f"<li>{_html_evidence(document, e)}</li>" for e in _evidence(document))
    body += [f"<h2>{document.say('evidence')}</h2><ul>{evidence}</ul>"] if evidence else []
    title = document.say("title")
    return (
        f'<!doctype html><html lang="{document.language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{''.join(body)}</body></html>\n"
    )


RENDERERS: Mapping[Format, Callable[[Document], str]] = {"md": as_markdown, "html": as_html, "json": as_json}


def _lines(section: Section) -> list[str]:
    """A section's sentences; the steps of the advice have a form of their own."""
    steps = len(section.draft.recommendations)
    details = list(section.draft.details)
    return details[: len(details) - steps] if steps else details


def _plain(text: str) -> str:
    return MARK.sub("", text)


def _period(document: Document) -> str:
    ends = (moment(at, document.timezone, document.language) for at in (document.start, document.end))
    return " – ".join(ends)


def _cells(document: Document, status: HostStatus) -> tuple[str, ...]:
    seen = moment(status.last_seen, document.timezone, document.language) if status.last_seen else "–"
    health = "–" if status.health is None else number(status.health)
    return status.host, VERDICTS[status.verdict][document.language], health, str(status.findings), seen


def _heads(document: Document) -> tuple[str, ...]:
    return tuple(document.say(key) for key in ("host", "verdict", "health", "findings", "seen"))


def _host_table(document: Document) -> str:
    heads = _heads(document)
    rows = [f"| {' | '.join(_cell(c) for c in _cells(document, s))} |" for s in document.statuses]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _html_table(document: Document) -> str:
    heads = "".join(f"<th>{_escape(head)}</th>" for head in _heads(document))
    rows = "".join(
        f'<tr class="{s.verdict}">{"".join(f"<td>{_escape(c)}</td>" for c in _cells(document, s))}</tr>'
        for s in document.statuses
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _steps(document: Document) -> str:
    return "\n\n".join(
        f"**{step.title}**\n\n- {document.say('look')}: `{step.look}`\n- {document.say('mend')}: `{step.mend}`\n"
        f"- {document.say('risk')}: {step.risk}"
        for step in document.recommendations
    )


def _html_step(document: Document, step: Recommendation) -> str:
    return (
        f"<p><b>{_escape(step.title)}</b><br>{document.say('look')}: <code>{_escape(step.look)}</code><br>"
        f"{document.say('mend')}: <code>{_escape(step.mend)}</code><br>{document.say('risk')}: {_escape(step.risk)}</p>"
    )


def _evidence(document: Document) -> list[Evidence]:
    """What the report rests on, each query once."""
    found = {(e.promql, e.window): e for s in document.sections for e in s.draft.evidence if e.promql}
    return list(found.values())


def _told(document: Document, evidence: Evidence) -> str:
    window = " – ".join(
        moment(at, document.timezone, document.language)
        for at in dict.fromkeys((evidence.window.start, evidence.window.end))
    )
    return f"{evidence.host}, {window}"


def _html_evidence(document: Document, evidence: Evidence) -> str:
    query = f"<code>{_escape(evidence.promql)}</code>"
    link = evidence.link if evidence.link.startswith(("http://", "https://")) else ""
    opened = f'<a href="{_escape(link)}">{query}</a>' if link else query
    return f"{_escape(_told(document, evidence))}: {opened}"


def _escape(text: str) -> str:
    return html.escape(text, quote=True)
