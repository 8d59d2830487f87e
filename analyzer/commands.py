"""Commands that look once and end: once, ask, report, understand. They print for people and return an exit code."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from analyzer.app import looked_once, notification_channels
from analyzer.assistant.rendering import render as render_document
from analyzer.assistant.understanding import understand_tsv
from analyzer.data import Language, Question
from analyzer.errors import DeliveryError, SettingsError
from analyzer.setting_values import host_and_port, parse_duration
from analyzer.settings_tree import Settings
from analyzer.sinks.notifications import TEST
from analyzer.terminal import Shown, progress, render
from analyzer.wording import say_starting

ASK_SECONDS = 60.0
FAILED = 1


def once(settings: Settings, given: Namespace) -> int:
    """Learn, look, print. 1 when nothing could be looked at or there is no such host."""
    return asyncio.run(_once(settings, given.host, given.lang))


async def _once(settings: Settings, host: str, language: Language) -> int:
    errors = Console(stderr=True)
    with progress(errors) as told:
        async with looked_once(settings, told) as parts:
            report = parts.rounds.report
    if report is None or not report.hosts:
        if report is not None and report.starting is not None:
            errors.print(say_starting(report.starting, language))
            return FAILED
        reasons = "; ".join(failure.reason for failure in report.failures) if report else "no report"
        errors.print(f"no host could be looked at: {reasons}")
        return FAILED
    if host and report.host(host) is None:
        errors.print(f"there is no host {host}; there are {', '.join(h.host.name for h in report.hosts)}")
        return FAILED
    shown = Shown(parts.features, parts.rounds.states, language, settings.notify.timezone)
    Console().print(render(report, shown, host))
    return 0


def ask(settings: Settings, given: Namespace) -> int:
    """Ask the running analyzer, or look once where none runs here."""
    question = {"question": given.question, "host": given.host or None}
    answer = _ask_running(settings, question)
    if answer is None:
        return asyncio.run(_ask_here(settings, given))
    print(answer["analysis"]["text"])  # noqa: T201 - the command's output
    return 0


def _ask_running(settings: Settings, question: dict[str, str | None]) -> Any:
    host, port = host_and_port(settings.web.listen_address)
    address = f"http://{host if host not in {'', '0.0.0.0', '::'} else '127.0.0.1'}:{port}/api/v1/query"  # noqa: S104 - compared, not bound
    try:
        answered = requests.post(address, json=question, timeout=ASK_SECONDS)
    except requests.ConnectionError:
        return None
    told = answered.json() if "json" in answered.headers.get("Content-Type", "") else {}
    if not answered.ok:
        reason = told.get("error", {}).get("message", answered.reason)
        raise SettingsError([f"the analyzer at {address} answered {answered.status_code}: {reason}"])
    return told


async def _ask_here(settings: Settings, given: Namespace) -> int:
    async with looked_once(settings) as parts:
        asked = Question(given.question, datetime.now(UTC), host=given.host or None)
        answer = await parts.assistant.answer(asked, parts.rounds.report)
    print(answer.text)  # noqa: T201 - the command's output
    return 0


def report(settings: Settings, given: Namespace) -> int:
    """Health, incidents, causes, forecasts and what to do, as Markdown, HTML or JSON."""
    try:
        window = parse_duration(given.window)
    except ValueError as error:
        raise SettingsError([f"'--window': {error}"]) from None

    async def make() -> str | None:
        async with looked_once(settings) as parts:
            known = parts.rounds.report
            if known is None:
                return None
            document = await parts.documents.make(known, datetime.now(UTC), language=given.lang, window=window)
            return render_document(document, given.format)

    text = asyncio.run(make())
    if text is None:
        return FAILED
    print(text)  # noqa: T201 - the command's output
    return 0


def notify_test(settings: Settings, _given: Namespace) -> int:
    """Send one message to every channel of the settings. 1 when one of them did not take it."""
    channels = notification_channels(settings)
    if not channels:
        raise SettingsError(["'notify.urls': there is no channel to send to"])
    refused = 0
    for channel in channels:
        try:
            asyncio.run(channel.send(TEST))
        except DeliveryError as error:
            refused += 1
            print(error, file=sys.stderr)  # noqa: T201 - the command's output
        else:
            print(f"{channel.name} took the message")  # noqa: T201 - the command's output
    return FAILED if refused else 0


def understand(_settings: Settings, given: Namespace) -> int:
    """How each question of a file is understood, tab-separated."""
    hosts = [host for host in given.hosts.split(",") if host]
    try:
        lines = Path(given.tsv).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError([f"can't read {given.tsv}: {error.strerror}"]) from None
    understand_tsv(lines, hosts, sys.stdout)
    return 0
