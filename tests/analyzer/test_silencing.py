"""Label matchers: how they are written, and which findings they fit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.data import Cause, Evidence, Finding, Host, Matcher, Severity, Silence, Window
from analyzer.data.quieting import Operator
from analyzer.silencing import LABELS, matcher_of, selective, silenced_by, written

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = Window(NOW - HOUR, NOW, timedelta(seconds=15))
HOST = Host("web-1:9100", "node", "web-1")
OPERATORS: tuple[Operator, ...] = ("=", "!=", "=~", "!~")


def finding(*causes: str, kind: str = "anomaly") -> Finding:
    proven = tuple(Cause(name, 0.5, Evidence("x", WINDOW, HOST.name, name, "", 1.0)) for name in causes)
    return Finding(kind, HOST.name, Severity.WARNING, NOW, None, 0.9, proven)


def silence(*matchers: str, begin: datetime = NOW - HOUR, end: datetime = NOW + HOUR, name: str = "s1") -> Silence:
    return Silence(name, tuple(map(matcher_of, matchers)), begin, end, "upgrade", "kim", begin)


def fits(*matchers: str, found: Finding | None = None) -> bool:
    return silenced_by(found or finding("disk_busy", "load"), HOST, [silence(*matchers)], NOW) is not None


@pytest.mark.parametrize(
    "matcher",
    [
        'host="web-1:9100"',
        'nodename="web-1"',
        'job=~"node|other"',
        'kind!="silent"',
        'kind=~"ano.*"',
        'kind!~"saturation:.*"',
        'severity="warning"',
        'cause="load"',
        'cause=~"disk_.*"',
        ' cause != "cpu" ',
    ],
)
def test_a_matcher_fits_what_it_names(matcher: str) -> None:
    assert fits(matcher)


@pytest.mark.parametrize(
    "matcher",
    [
        'host="web-1"',
        'host=~"web"',
        'host!~"web.*"',
        'job="db"',
        'kind!="anomaly"',
        'cause="cpu"',
        'cause!="load"',
        'cause!~"disk.*"',
        'severity=~"info|critical"',
    ],
)
def test_a_matcher_does_not_fit_what_it_does_not_name(matcher: str) -> None:
    assert not fits(matcher)


def test_every_matcher_of_a_silence_must_fit() -> None:
    assert fits('host="web-1:9100"', 'cause="load"')
    assert not fits('host="web-1:9100"', 'cause="cpu"')


def test_a_finding_without_causes_has_an_empty_one() -> None:
    assert fits('cause=""', found=finding(kind="silent"))
    assert fits('cause!="load"', found=finding(kind="silent"))
    assert not fits('cause=~".+"', found=finding(kind="silent"))


def test_a_silence_holds_from_its_start_until_just_before_its_end() -> None:
    one, found = silence('host="web-1:9100"'), finding("load")
    assert silenced_by(found, HOST, [one], one.starts_at) == one
    assert silenced_by(found, HOST, [one], one.starts_at - timedelta(seconds=1)) is None
    assert silenced_by(found, HOST, [one], one.ends_at - timedelta(seconds=1)) == one
    assert silenced_by(found, HOST, [one], one.ends_at) is None


def test_of_several_silences_the_one_that_lasts_longest_is_named() -> None:
    short, long = silence('job="node"', name="short"), silence('job="node"', end=NOW + 2 * HOUR, name="long")
    assert silenced_by(finding("load"), HOST, [short, long], NOW) == long


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("host=web-1", "is no matcher"),
        ('host=="web-1"', "is no matcher"),
        ('host="web-1" ,', "is no matcher"),
        ('instance="web-1"', "findings have no label 'instance'"),
        ('kind=~"sat("', "is no regular expression: missing )"),
        ('kind=~"(?=x)"', "is no regular expression: invalid perl operator"),
        ('kind="a"b"', "is no matcher"),
    ],
)
def test_what_is_wrong_with_a_matcher_is_said(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)):
        matcher_of(text)


def test_matchers_that_fit_what_has_no_labels_are_not_selective() -> None:
    assert not selective([matcher_of('host!="web-1"'), matcher_of('kind=~".*"')])
    assert selective([matcher_of('host!="web-1"'), matcher_of('kind=~".+"')])


def test_an_expression_made_to_take_for_ever_takes_no_time() -> None:
    # backtracking would try 2^60 ways
    hostile = Silence("s", (Matcher("host", "=~", "(a|a)*" * 3 + "b"),), NOW - HOUR, NOW + HOUR, "x", "", NOW)
    named = Finding("anomaly", "a" * 60, Severity.INFO, NOW, None, 0.5, ())
    assert silenced_by(named, Host("a" * 60), [hostile], NOW) is None


@given(st.builds(Matcher, st.sampled_from(LABELS), st.sampled_from(OPERATORS[:2]), st.text()))
def test_a_written_matcher_is_read_back_as_it_was(matcher: Matcher) -> None:
    assert matcher_of(written(matcher)) == matcher
