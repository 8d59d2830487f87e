"""How soon a finding is in Alertmanager, counted from when the cycle began that found it.

    python -m benchmarks.alerting

A host's CPU is made to stand at its limit again and again, behind real Prometheus, analyzer and Alertmanager, whose own
`updatedAt` says when it took the alert. What comes true is seen by the next cycle at the latest, so the whole way takes
one interval more at most.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.alertmanager import alertmanager
from tests.conftest import tool
from tests.page.fake_host import FakeHost, answering
from tests.processes import Program, a_free_port, start_analyzer, start_prometheus, until

EPISODES = 6
CYCLE = timedelta(seconds=5)
HELD = timedelta(seconds=20)
KIND = "saturation:cpu_busy_ratio"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", help="not needed here")
    parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = measured(Path(folder))
    print(f"{len(seconds)} alerts with a cycle each {CYCLE.seconds} s: ", end="")
    print(f"median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s after the cycle began")


def measured(folder: Path) -> list[float]:
    ports = {name: a_free_port() for name in ("fake", "prometheus", "alertmanager", "analyzer")}
    settings = folder / "settings.yml"
    settings.write_text(f"alertmanager: {{urls: ['http://127.0.0.1:{ports['alertmanager']}'], repeat: 1h}}\n")
    flags = (
        f"--config.file={settings}",
        f"--cycle.interval={CYCLE.seconds}s",
        f"--cycle.step={CYCLE.seconds}s",
        f"--judge.saturated-after={HELD.seconds}s",
        "--prometheus.selector=job='fake'",
    )
    with ExitStack() as started:
        fake = started.enter_context(answering(FakeHost(busy=0.2), ports["fake"]))
        jobs = {"fake": ports["fake"]}
        prometheus = start_prometheus(tool("prometheus"), folder, ports["prometheus"], jobs, scrape=f"{CYCLE.seconds}s")
        url = started.enter_context(prometheus).url
        alerts = started.enter_context(alertmanager(folder, ports["alertmanager"]))
        analyzer = started.enter_context(start_analyzer(folder, ports["analyzer"], url, *flags))
        until(lambda: firing(analyzer) is not None, "the host is known", analyzer, seconds=120)
        time.sleep(2 * HELD.total_seconds())  # so that nothing but the limit is waited for
        return [episode(fake, analyzer, alerts) for _ in range(EPISODES)]


def episode(fake: FakeHost, analyzer: Program, alerts: Program) -> float:
    fake.busy = 1.0
    found = until(lambda: firing(analyzer), "it fires", analyzer, seconds=180, pause=0.1)
    finding = analyzer.json(f"/api/v1/findings?firing=true&kind={KIND}")["findings"][0]
    asked = f"/api/v2/alerts?filter=fingerprint={finding['fingerprint']}"
    taken: list[dict[str, Any]] = until(lambda: alerts.json(asked), "an alert", analyzer, alerts, pause=0.1)
    fake.busy = 0.2
    until(lambda: firing(analyzer) is False, "it ends", analyzer, seconds=300)
    time.sleep(CYCLE.total_seconds())
    first = min(datetime.fromisoformat(alert["updatedAt"]) for alert in taken)
    return float((first - found).total_seconds())


def firing(analyzer: Program) -> datetime | bool | None:
    """Time of the newest cycle where the host's CPU fires in it; False where it doesn't, None before any."""
    status, _ = analyzer.get("/-/ready")
    hosts = analyzer.json("/api/v1/hosts") if status == 200 else {}
    if not hosts.get("hosts"):
        return None
    told = analyzer.json(f"/api/v1/hosts/{hosts['hosts'][0]['name']}")
    fires = any(finding["kind"] == KIND and finding["firing"] for finding in told["findings"])
    return datetime.fromisoformat(told["at"]) if fires else False


if __name__ == "__main__":
    main()
