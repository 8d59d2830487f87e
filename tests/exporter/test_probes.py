"""Probes of real services on loopback: good ones, bad ones, and those that accept and never answer."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from exporter.collectors import NoData
from exporter.collectors.probes import ProbesCollector
from exporter.flags import SettingsError
from exporter.procfs import Trees
from tests.exporter.golden import Series
from tests.exporter.page import of, told_now, values

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(answer: bytes | None, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A service on a port of 127.0.0.1: answers so to all that is asked; with None it accepts and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            taken.append(connection)
            if answer is None:
                continue
            try:
                spoken = context.wrap_socket(connection, server_side=True) if context else connection
                taken.append(spoken)
                spoken.recv(4096)
                spoken.sendall(answer)
                spoken.close()
            except OSError:
                continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in taken:
            connection.close()


@contextmanager
def probing(*targets: str, **settings: object) -> Iterator[ProbesCollector]:
    quick = {"interval": timedelta(seconds=0.2), "timeout": timedelta(seconds=10)} | settings
    collector = ProbesCollector(Trees.below(), target=targets, **quick)  # type: ignore[arg-type]
    try:
        yield collector
    finally:
        collector.close()


def told_when(collector: ProbesCollector, enough: Callable[[dict[Series, float]], bool]) -> dict[Series, float]:
    ends = time.monotonic() + 60
    while not enough(found := told_now(collector)):
        assert time.monotonic() < ends, f"waited a minute in vain: {found}"
        time.sleep(0.02)
    return found


def all_probed(count: int) -> Callable[[dict[Series, float]], bool]:
    return lambda found: len(values(found, "probe_success", "target")) == count


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that ends in 10 days, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*request, *names, "-keyout", folder / "key", "-out", folder / "cert"], check=True, capture_output=True
    )
    (folder / "both").write_text((folder / "key").read_text() + (folder / "cert").read_text())
    return folder / "both"


def encrypted(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_services_that_answer_are_up() -> None:
    with serving(OK) as web, serving(None) as silent, probing(
        f"http://127.0.0.1:{web}/health?x=1", f"tcp://127.0.0.1:{silent}"
    ) as collector:  # fmt: skip
        found = told_when(collector, all_probed(2))
    assert set(values(found, "probe_success", "target").values()) == {1}
    assert values(found, "probe_http_status_code", "target") == {f"http://127.0.0.1:{web}/health?x=1": 200}
    assert 0 < of(found, "probe_duration_seconds", target=f"tcp://127.0.0.1:{silent}") < 10
    assert abs(of(found, "openmanager_probe_timestamp_seconds", target=f"tcp://127.0.0.1:{silent}") - time.time()) < 60
    assert values(found, "openmanager_probe_failures_total", "reason") == {}


def test_each_kind_of_failure_has_its_name(free_port: int, certificate: Path) -> None:
    with ExitStack() as stack:
        port = {
            name: stack.enter_context(serving(answer))
            for name, answer in {
                "status": b"HTTP/1.1 503 Sorry\r\n\r\n",
                "protocol": b"220 mail.example.org ESMTP\r\n",
                "closed": b"",
                "timeout": None,
                "long": b"x" * 100_000,
            }.items()
        }
        untrusted = stack.enter_context(serving(OK, encrypted(certificate)))
        targets = {
            f"http://127.0.0.1:{port['status']}/": "status",
            f"http://127.0.0.1:{port['protocol']}/": "protocol",
            f"http://127.0.0.1:{port['closed']}/": "closed",
            f"http://127.0.0.1:{port['timeout']}/": "timeout",
            f"http://127.0.0.1:{port['long']}/": "protocol",
            f"tcp://127.0.0.1:{free_port}": "refused",
            f"https://127.0.0.1:{untrusted}/": "certificate",
            f"tls://127.0.0.1:{port['status']}": "tls",
            "tcp://no-such-host.invalid:1": "dns",
        }
        sure = {(target, reason) for target, reason in targets.items() if reason != "dns"}
        with probing(*targets, timeout=timedelta(seconds=2)) as collector:
            found = told_when(collector, lambda found: all_probed(len(targets))(found) and sure <= failures(found))
    assert set(values(found, "probe_success", "target").values()) == {0}
    # a busy machine may be late at first, and where no resolver answers that is all that is known
    assert {(target, reason) for target, reason in failures(found) if reason != "timeout"} - set(
        targets.items()
    ) == set()
    assert of(found, "probe_http_status_code", target=f"http://127.0.0.1:{port['status']}/") == 503
    last = values(found, "openmanager_probe_last_failure_timestamp_seconds", "reason")
    assert all(abs(when - time.time()) < 60 for when in last.values())


def failures(found: dict[Series, float]) -> set[tuple[str, str]]:
    """The target and the reason of each."""
    told = (dict(labels) for name, labels in found if name == "openmanager_probe_failures_total")
    return {(labels["target"], labels["reason"]) for labels in told}


def test_a_certificate_of_a_trusted_authority_tells_when_it_ends(certificate: Path) -> None:
    with serving(OK, encrypted(certificate)) as port, probing(
        f"https://127.0.0.1:{port}/", f"tls://127.0.0.1:{port}", ca_file=str(certificate)
    ) as collector:  # fmt: skip
        found = told_when(collector, all_probed(2))
    assert set(values(found, "probe_success", "target").values()) == {1}
    for expires in values(found, "probe_ssl_earliest_cert_expiry", "target").values():
        assert 9.9 < (expires - time.time()) / 86400 < 10.1
    assert len(values(found, "probe_ssl_earliest_cert_expiry", "target")) == 2


def test_a_service_that_never_answers_costs_no_scrape_and_no_thread_each_time() -> None:
    with serving(None) as silent, probing(
        *(f"http://127.0.0.1:{silent}/{number}" for number in range(20)),
        interval=timedelta(seconds=0.01), timeout=timedelta(seconds=0.05),
    ) as collector:  # fmt: skip
        told_when(collector, all_probed(20))
        before = threading.active_count()
        found = told_when(
            collector, lambda found: sum(values(found, "openmanager_probe_failures_total", "target").values()) > 300
        )
        assert threading.active_count() <= before
        ours = [one for one in psutil.Process().net_connections() if one.raddr and one.raddr.port == silent]
        assert len(ours) <= 20  # the service of this test holds its own side of every connection
    assert set(values(found, "openmanager_probe_failures_total", "reason")) == {"timeout"}


def test_a_service_that_comes_back_is_up_again_and_its_failures_stay_counted(free_port: int) -> None:
    target = f"tcp://127.0.0.1:{free_port}"
    with probing(target) as collector:
        told_when(collector, lambda found: values(found, "probe_success", "target") == {target: 0})
        with socket.create_server(("127.0.0.1", free_port)):
            found = told_when(collector, lambda found: values(found, "probe_success", "target") == {target: 1})
    assert of(found, "openmanager_probe_failures_total", target=target, reason="refused") >= 1


def test_every_wrong_setting_is_told() -> None:
    wrong = ("ftp://x/", "tcp://host", "http://user:secret@host/", "http://a b/", "tcp://h:99999")
    with pytest.raises(SettingsError) as caught:
        ProbesCollector(Trees.below(), target=wrong, interval=timedelta())
    assert len(caught.value.problems) == 6
    assert "holds no user or password" in str(caught.value)
    with pytest.raises(SettingsError, match="ca-file=/none"):
        ProbesCollector(Trees.below(), target=("https://x/",), ca_file="/none")


def test_without_targets_there_is_nothing_to_tell() -> None:
    with pytest.raises(NoData):
        told_now(ProbesCollector(Trees.below()))
