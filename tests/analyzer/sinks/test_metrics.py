"""Derived metrics: named as Prometheus asks, there while what they tell of is there, and gone with it."""

from __future__ import annotations

import math
import re
import sqlite3
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from gzip import decompress as gunzip
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from analyzer.data import (
    Cause,
    Companion,
    Companions,
    Deduction,
    Evidence,
    Experience,
    Failure,
    Finding,
    Forecast,
    Forecasts,
    Headroom,
    Health,
    Host,
    HostReport,
    Incident,
    Learning,
    Peers,
    Quiet,
    Report,
    Severity,
    State,
    Trend,
    Trends,
    Window,
)
from analyzer.sinks.families import FAMILIES
from analyzer.sinks.metrics import MetricsSink, patiently
from analyzer.store import Owed, Store

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
EPOCH = 1795356120.0
PAGE = Path(__file__).resolve().parents[3] / "docs/metrics.md"
EVIDENCE = Evidence("x", Window(NOW, NOW, timedelta(seconds=15)), "web-1:9100", "cpu_busy_ratio", "ratio", 0.9)
FIRING = Finding("anomaly", "web-1:9100", Severity.WARNING, NOW, None, 0.9, (Cause("cpu_busy_ratio", 0.7, EVIDENCE),))
WEB = HostReport(
    Host("web-1:9100", "node", "web-1"),
    NOW - timedelta(seconds=15),
    {"cpu_busy_ratio": 0.9},
    experience=Experience(3600.0, 0.75, ("weekly",)),
    scores={"kmeans": np.float64(0.4), "regression": math.nan},
    shares={"cpu_busy_ratio": 0.7, "load_per_core": 0.3},
    state=State("B", 3, 1.5, 0.25),
    peers=Peers("web", 4, 2.5, {"cpu_busy_ratio": 2.5}),
    trends=Trends.of(Trend("cpu_busy_ratio", 3.6, 0.5, 3600.0)),
    forecasts=Forecasts.of(
        Forecast(
            "web-1:9100",
            "filesystem_fullest_used_ratio",
            np.array([EPOCH + 300, EPOCH + 3585, EPOCH + 21585, EPOCH + 40_000]),
            np.array([0.5, 0.8, 0.9, 0.95], np.float32),
            np.array([0.4, 0.7, 0.75, 0.8], np.float32),
            np.array([0.6, 0.85, 0.95, math.nan], np.float32),
            0.9,
            1.0,
            (7200.0, 3600.0, math.inf),
        ),
        Forecast(
            "web-1:9100",
            "threads",
            np.array([EPOCH + 3585]),
            np.array([5], np.float32),
            np.array([4], np.float32),
            np.array([6], np.float32),
            0.9,
        ),
    ),
)
WEB = replace(
    WEB,
    health=Health(
        76.0,
        0.75,
        (
            Deduction("strain", "cpu_busy_ratio", "cpu", 9.0, 0.97),
            Deduction("finding", "anomaly", "", 10.0, 0.9),
            Deduction("finding", "anomaly", "", 5.0, 0.9),
        ),
        None,
        (Headroom("cpu", "cpu_busy_ratio", 0.1),),
    ),
)
NEW = HostReport(Host("db-1:9100"), None, {}, learning=Learning(12, 40))
JAVA = Companion("process group", "java", "grew", 1.5, 0.1, EVIDENCE, "process_cpu", 0.92)
NGINX = Companion("service", "nginx.service", "failed", 1.0, 0.0, EVIDENCE)
FIRING = replace(FIRING, incident="0123abcd", companions=Companions(NOW, (), (JAVA, NGINX)))
OTHER = replace(FIRING, kind="silent", host="db-1:9100", starts_at=NOW + timedelta(seconds=1), ends_at=NOW)
QUIETED = replace(FIRING, host="web-2:9100", quiet=Quiet("silence", "s1"), incident="4567abcd")
INCIDENTS = (Incident("0123abcd", (FIRING, OTHER)), Incident("4567abcd", (QUIETED,)))
REPORT = Report(
    NOW,
    "prometheus",
    "",
    (WEB, NEW),
    (FIRING, OTHER, QUIETED),
    (Failure("fetch", "x", NOW), Failure("score", "y", NOW, "web-1:9100"), Failure("score", "z", NOW, "web-1:9100")),
    {"fetch": 0.25, "judge": 0.01},
    Health(81.0, 0.5, performance=40.0),
    INCIDENTS,
)


def samples(text: str) -> Mapping[str, float]:
    return {
        f"{s.name}{{{','.join(f'{k}={v}' for k, v in sorted(s.labels.items()))}}}": s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
        if s.name.startswith("openmanager_")
    }


async def scraped(sink: MetricsSink, now: datetime = NOW) -> Mapping[str, float]:
    return samples((await sink.render("", now)).body.decode())


async def test_every_part_of_a_report_becomes_a_sample(store: Store) -> None:
    sink = MetricsSink(store.outbox, "0.1.0")
    await sink.publish(REPORT)
    told = dict(await scraped(sink, NOW + timedelta(seconds=5)))
    full = "filesystem_fullest_used_ratio"
    feature = f"feature={full},host=web-1:9100"
    assert told == {
        "openmanager_build_info{version=0.1.0}": 1.0,
        "openmanager_host_info{host=web-1:9100,job=node,nodename=web-1}": 1.0,
        "openmanager_host_info{host=db-1:9100,job=,nodename=}": 1.0,
        "openmanager_host_last_seen_timestamp_seconds{host=web-1:9100}": EPOCH - 15,
        "openmanager_learning_ratio{host=web-1:9100}": 1.0,
        "openmanager_learning_ratio{host=db-1:9100}": 0.3,
        "openmanager_anomaly_score{host=web-1:9100,model=kmeans}": 0.4,
        "openmanager_anomaly_feature_share_ratio{feature=cpu_busy_ratio,host=web-1:9100}": 0.7,
        "openmanager_anomaly_feature_share_ratio{feature=load_per_core,host=web-1:9100}": 0.3,
        "openmanager_host_state{host=web-1:9100,state=B}": 1.0,
        "openmanager_host_state_distance{host=web-1:9100}": 1.5,
        "openmanager_host_state_unusual_ratio{host=web-1:9100}": 0.25,
        "openmanager_host_states{host=web-1:9100}": 3.0,
        "openmanager_peer_distance{group=web,host=web-1:9100}": 2.5,
        "openmanager_trend_per_second{feature=cpu_busy_ratio,host=web-1:9100}": 0.001,
        "openmanager_trend_fit_ratio{feature=cpu_busy_ratio,host=web-1:9100}": 0.5,
        f"openmanager_forecast{{feature={full},horizon=1h,host=web-1:9100}}": pytest.approx(0.8),
        f"openmanager_forecast{{feature={full},horizon=6h,host=web-1:9100}}": pytest.approx(0.9),
        f"openmanager_forecast_lower{{feature={full},horizon=1h,host=web-1:9100}}": pytest.approx(0.7),
        f"openmanager_forecast_lower{{feature={full},horizon=6h,host=web-1:9100}}": pytest.approx(0.75),
        f"openmanager_forecast_upper{{feature={full},horizon=1h,host=web-1:9100}}": pytest.approx(0.85),
        f"openmanager_forecast_upper{{feature={full},horizon=6h,host=web-1:9100}}": pytest.approx(0.95),
        f"openmanager_time_to_exhaustion_seconds{{{feature}}}": 7200.0,
        f"openmanager_time_to_exhaustion_lower_seconds{{{feature}}}": 3600.0,
        "openmanager_health_score{host=web-1:9100}": 76.0,
        "openmanager_health_confidence_ratio{host=web-1:9100}": 0.75,
        "openmanager_health_deducted_points{host=web-1:9100,reason=strain,subject=cpu_busy_ratio}": 9.0,
        "openmanager_health_deducted_points{host=web-1:9100,reason=finding,subject=anomaly}": 15.0,
        "openmanager_headroom_ratio{host=web-1:9100,resource=cpu}": 0.1,
        "openmanager_fleet_health_score{}": 81.0,
        "openmanager_fleet_health_confidence_ratio{}": 0.5,
        "openmanager_fleet_performance_score{}": 40.0,
        "openmanager_findings_firing{host=web-1:9100,kind=anomaly,severity=warning}": 1.0,
        "openmanager_learning_history_seconds{host=web-1:9100}": 3600.0,
        "openmanager_learning_confidence_ratio{host=web-1:9100}": 0.75,
        "openmanager_learning_season_known{host=web-1:9100,season=daily}": 1.0,
        "openmanager_learning_season_known{host=web-1:9100,season=weekly}": 0.0,
        "openmanager_findings_quieted{host=web-2:9100,kind=anomaly,reason=silence,severity=warning}": 1.0,
        "openmanager_incidents_open{severity=warning}": 1.0,
        "openmanager_incident_start_timestamp_seconds{"
        "host=web-1:9100,incident=0123abcd,kind=anomaly,severity=warning}": EPOCH,
        "openmanager_incident_hosts{incident=0123abcd}": 2.0,
        "openmanager_finding_start_timestamp_seconds{cause=cpu_busy_ratio,"
        f"fingerprint={FIRING.fingerprint},host=web-1:9100,kind=anomaly,severity=warning}}": EPOCH,
        f"openmanager_finding_process_share_ratio{{fingerprint={FIRING.fingerprint},groupname=java,"
        "host=web-1:9100,resource=process_cpu}": 0.92,
        "openmanager_cycles_total{}": 1.0,
        "openmanager_cycle_timestamp_seconds{}": EPOCH,
        "openmanager_cycle_age_seconds{}": 5.0,
        "openmanager_hosts{}": 2.0,
        "openmanager_hosts_scored{}": 1.0,
        "openmanager_stage_duration_seconds{stage=fetch}": 0.25,
        "openmanager_stage_duration_seconds{stage=judge}": 0.01,
        "openmanager_stage_failures_total{stage=fetch}": 1.0,
        "openmanager_stage_failures_total{stage=judge}": 0.0,
        "openmanager_stage_failures_total{stage=score}": 2.0,
        "openmanager_stage_failing{host=,stage=fetch}": 1.0,
        "openmanager_stage_failing{host=web-1:9100,stage=score}": 2.0,
        "openmanager_source_in_use{source=prometheus}": 1.0,
        "openmanager_source_fallback{}": 0.0,
        "openmanager_store_up{}": 1.0,
    }


async def test_what_is_gone_from_the_report_is_gone_from_the_metrics_and_counters_stay(store: Store) -> None:
    sink = MetricsSink(store.outbox, "0.1.0")
    await sink.publish(REPORT)
    await sink.publish(Report(NOW, "prometheus", "", (), (), (), {}))
    told = await scraped(sink)
    assert [name for name in told if "host=" in name] == []
    assert told["openmanager_stage_failures_total{stage=score}"] == 2.0
    assert told["openmanager_cycles_total{}"] == 2.0


async def test_before_the_first_cycle_there_is_only_what_is_known_without_one(store: Store) -> None:
    assert await scraped(MetricsSink(store.outbox, "0.1.0")) == {
        "openmanager_build_info{version=0.1.0}": 1.0,
        "openmanager_cycles_total{}": 0.0,
        "openmanager_store_up{}": 1.0,
    }


@pytest.mark.parametrize(
    ("source", "reason", "active", "fallback"),
    [("prometheus", "", 1.0, 0.0), ("scrape", "can't reach Prometheus", 1.0, 1.0), ("", "nobody answers", None, 1.0)],
)
async def test_who_serves_and_whether_as_a_fallback_is_told(
    store: Store, source: str, reason: str, active: float | None, fallback: float
) -> None:
    sink = MetricsSink(store.outbox, "0.1.0")
    await sink.publish(replace(REPORT, source=source, fallback_reason=reason))
    told = await scraped(sink)
    assert told.get(f"openmanager_source_in_use{{source={source}}}") == active
    assert told["openmanager_source_fallback{}"] == fallback


async def test_the_outbox_is_told_by_sink(store: Store) -> None:
    await store.outbox.enqueue([Owed("annotations", "a", "a", "{}"), Owed("annotations", "b", "b", "{}")], NOW)
    for delivery in (await store.outbox.due("annotations", NOW))[:1]:
        begun = await store.outbox.begin(delivery, NOW)
        assert begun is not None
        await store.outbox.refused(begun, "no", NOW)
    told = await scraped(MetricsSink(store.outbox, "0.1.0"), NOW + timedelta(seconds=90))
    assert {name.removeprefix("openmanager_outbox_"): value for name, value in told.items() if "outbox" in name} == {
        "pending{sink=annotations}": 1.0,
        "oldest_age_seconds{sink=annotations}": 90.0,
        "attempts_total{sink=annotations}": 1.0,
        "failures_total{sink=annotations}": 1.0,
        "delivered_total{sink=annotations}": 0.0,
        "refused_total{sink=annotations}": 1.0,
    }


async def test_a_store_that_cannot_be_read_is_told_and_costs_only_the_outbox(tmp_path: Path, store: Store) -> None:
    damage = sqlite3.connect(tmp_path / "data/openmanager.db")
    damage.execute("DROP TABLE deliveries")
    damage.close()
    sink = MetricsSink(store.outbox, "0.1.0")
    await sink.publish(REPORT)
    told = await scraped(sink)
    assert told["openmanager_store_up{}"] == 0.0
    assert told["openmanager_anomaly_score{host=web-1:9100,model=kmeans}"] == 0.4


async def test_labels_from_outside_are_escaped(store: Store) -> None:
    sink = MetricsSink(store.outbox, "0.1.0")
    evil = 'a"b\\c\nopenmanager_fake 1'
    await sink.publish(replace(REPORT, hosts=(replace(WEB, host=Host(evil)),), findings=()))
    told = await scraped(sink)
    assert f"openmanager_host_states{{host={evil}}}" in told
    assert "openmanager_fake{}" not in told


async def test_openmetrics_is_given_to_who_asks_for_it_and_parses(store: Store) -> None:
    sink = MetricsSink(store.outbox, "0.1.0")
    await sink.publish(REPORT)
    rendered = await sink.render("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3", NOW)
    assert rendered.content_type.startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    names = {family.name for family in openmetrics(rendered.body.decode())}  # type: ignore[no-untyped-call]
    assert {"openmanager_anomaly_score", "openmanager_cycles", "process_cpu_seconds"} <= names


async def test_text_is_given_to_everyone_else(store: Store) -> None:
    rendered = await MetricsSink(store.outbox, "0.1.0").render("*/*", NOW)
    assert rendered.content_type == "text/plain; version=0.0.4; charset=utf-8"


async def test_what_is_compressed_says_the_same(store: Store) -> None:
    sink = MetricsSink(store.outbox, "0.1.0")
    await sink.publish(REPORT)
    plain, packed = await sink.render("", NOW), await sink.render("", NOW, gzip=True)
    assert (plain.encoding, packed.encoding) == ("", "gzip")
    assert samples(gunzip(packed.body).decode()) == samples(plain.body.decode())


async def test_each_report_is_written_anew_and_ages_at_each_scrape(store: Store) -> None:
    sink = MetricsSink(store.outbox, "0.1.0")
    score = "openmanager_anomaly_score{host=web-1:9100,model=kmeans}"
    for host, age, expected in ((WEB, 5, 0.4), (WEB, 9, 0.4), (replace(WEB, scores={"kmeans": 0.6}), 1, 0.6)):
        if age != 9:
            await sink.publish(replace(REPORT, hosts=(host,)))
        told = await scraped(sink, NOW + timedelta(seconds=age))
        assert (told["openmanager_cycle_age_seconds{}"], told[score]) == (age, expected)


async def test_a_large_fleet_is_written_in_pieces_and_whole(store: Store) -> None:
    hosts = tuple(replace(WEB, host=Host(f"web-{n}:9100")) for n in range(5000))
    sink = MetricsSink(store.outbox, "0.1.0")
    await sink.publish(replace(REPORT, hosts=hosts, findings=(), incidents=()))
    lines = (await sink.render("", NOW)).body.decode().splitlines()
    assert sum(line.startswith("openmanager_host_info{") for line in lines) == 5000
    assert sum(line.startswith("openmanager_anomaly_feature_share_ratio{") for line in lines) == 10_000
    assert len({line for line in lines if line.startswith("# TYPE openmanager_")}) == sum(
        line.startswith("# TYPE openmanager_") for line in lines
    )


async def test_the_process_tells_of_itself(store: Store) -> None:
    body = (await MetricsSink(store.outbox, "0.1.0").render("", NOW)).body.decode()
    assert "\nprocess_resident_memory_bytes " in body
    assert "\nprocess_cpu_seconds_total " in body


async def test_promtool_finds_nothing_to_say_about_names_and_texts(store: Store, promtool: Path) -> None:
    sink = MetricsSink(store.outbox, "0.1.0")
    await store.outbox.enqueue([Owed("annotations", "a", "a", "{}")], NOW)
    health = None if WEB.health is None else replace(WEB.health, performance=10.0)
    forecast = replace(WEB.forecasts[0], exhausted_in=(7200.0, 3600.0, 9000.0))
    await sink.publish(replace(REPORT, hosts=(replace(WEB, health=health, forecasts=Forecasts.of(forecast)), NEW)))
    body = (await sink.render("", NOW)).body
    check = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)  # noqa: ASYNC221 - milliseconds
    assert (check.stdout + check.stderr, check.returncode) == (b"", 0)
    told = {line.split()[2] for line in body.decode().splitlines() if line.startswith("# TYPE openmanager_")}
    assert told == {family.name for family in FAMILIES}


def test_every_metric_is_in_the_manual_with_its_labels_and_no_other() -> None:
    page, _, _ = PAGE.read_text("utf-8").partition("## Answers")  # what follows is counted outside of reports
    rows = re.findall(r"^\| `(openmanager_\w+)` \| (\w+) \| ([^|]*) \| (.+) \|$", page, re.MULTILINE)
    written = {(name, kind, tuple(re.findall(r"`(\w+)`", labels)), text) for name, kind, labels, text in rows}
    assert written == {(f.name, f.kind, f.labels, f.help) for f in FAMILIES}


async def test_between_the_times_that_were_foretold_a_horizon_lies_on_the_line(store: Store) -> None:
    """The long history ends at a whole quarter of an hour: its hour ahead is up to that much short of an hour."""
    seen = NOW - timedelta(seconds=15)
    times = seen.timestamp() - 720 + np.array([300, 3600, 7200, 84_000])
    points = np.array([0.5, 0.8, 0.9, 0.95], np.float32)
    forecast = Forecast("web-1:9100", "filesystem_fullest_used_ratio", times, points, points, points, 0.9, 1.0)
    sink = MetricsSink(store.outbox, "0.1.0")
    await sink.publish(replace(REPORT, hosts=(replace(WEB, last_seen=seen, forecasts=Forecasts.of(forecast)),)))
    told = {
        key.partition("horizon=")[2].partition(",")[0]: value
        for key, value in (await scraped(sink)).items()
        if key.startswith("openmanager_forecast{")
    }
    assert told == {
        "1h": pytest.approx(0.8 + 0.1 * 720 / 3600),
        "6h": pytest.approx(0.9 + 0.05 * (21_600 + 720 - 7200) / (84_000 - 7200)),
        "24h": pytest.approx(0.95),
    }


def test_a_fleets_metrics_are_written_on_once_it_is_calm_and_a_few_hosts_at_once() -> None:
    calm, large, small = threading.Event(), b"x" * 100_000, b"x"
    assert list(patiently([small, small], calm, 3600.0)) == [small, small]
    pieces = patiently([large, small], calm, 3600.0)
    assert next(pieces) == large
    rest: list[bytes] = []
    writing = threading.Thread(target=lambda: rest.extend(pieces))
    writing.start()
    writing.join(0.05)
    assert rest == []
    calm.set()
    writing.join()
    assert rest == [small]


def test_who_scrapes_waits_for_calm_no_longer_than_that() -> None:
    large = b"x" * 100_000
    assert list(patiently([large, large, large], threading.Event(), 0.01)) == [large, large, large]
