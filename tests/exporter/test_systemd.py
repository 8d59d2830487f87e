"""Units of systemd, asked for over a real D-Bus daemon of a service that stands in for systemd."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

from exporter.collectors import NoData
from exporter.collectors.systemd import SystemdCollector
from exporter.procfs import Trees
from tests.conftest import tool
from tests.exporter.golden import kinds
from tests.exporter.page import of, page, told_now, values

ROOT = "/org/freedesktop/systemd1"
CONFIG = """<busconfig><type>custom</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>"""


class StandIn:
    """A service that answers as systemd does."""

    def __init__(self, address: str) -> None:
        self.units: dict[str, tuple[str, str]] = {}
        self.properties: dict[tuple[str, str], tuple[str, Any]] = {}
        self.asked: list[str] = []
        self.silent = False
        self.connection = open_dbus_connection(address)
        Proxy(message_bus, self.connection).RequestName("org.freedesktop.systemd1")
        self.stopping = False
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def unit(self, name: str, active: str = "active", load: str = "loaded", **properties: tuple[str, Any]) -> None:
        self.units[name] = (load, active)
        for key, value in properties.items():
            self.properties[_path(name), key] = value

    def stop(self) -> None:
        self.stopping = True
        self.thread.join()
        self.connection.close()

    def _serve(self) -> None:
        while not self.stopping:
            try:
                message = self.connection.receive(timeout=0.05)
            except TimeoutError:
                continue
            if message.header.message_type is MessageType.method_call and not self.silent:
                self.connection.send(self._answer(message))

    def _answer(self, message: Any) -> Any:
        member = message.header.fields[HeaderFields.member]
        if member == "ListUnits":
            self.asked.append(member)
            listed = [
                (name, f"about {name}", load, active, "sub", "", _path(name), 0, "", "/")
                for name, (load, active) in self.units.items()
            ]
            return new_method_return(message, "a(ssssssouso)", (listed,))
        interface, name = message.body
        self.asked.append(f"{interface.rpartition('.')[2]}.{name}")
        value = self.properties.get((message.header.fields[HeaderFields.path], name))
        if value is None:
            return new_error(message, "org.freedesktop.DBus.Error.UnknownProperty", "s", ("no such property",))
        return new_method_return(message, "v", (value,))


def _path(unit: str) -> str:
    return f"{ROOT}/unit/{''.join(sign if sign.isalnum() else f'_{ord(sign):02x}' for sign in unit)}"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a real bus."""
    program = tool("dbus-daemon")
    path = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(CONFIG.format(socket=path))
    daemon = subprocess.Popen([program, "--nofork", f"--config-file={tmp_path}/bus.conf"])
    ends = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < ends, "dbus-daemon didn't start"
        time.sleep(0.01)
    yield f"unix:path={path}"
    daemon.terminate()
    daemon.wait()


@pytest.fixture
def systemd(address: str) -> Iterator[StandIn]:
    service = StandIn(address)
    service.properties |= {
        (ROOT, "Version"): ("s", "252.38-1~deb12u1"),
        (ROOT, "Virtualization"): ("s", "kvm"),
        (ROOT, "SystemState"): ("s", "degraded"),
    }
    yield service
    service.stop()


def test_units_are_told_as_node_exporter_tells_them(systemd: StandIn, address: str) -> None:
    systemd.unit("ssh.service", Type=("s", "notify"))
    systemd.unit("bad.service", "failed", Type=("s", "simple"))
    systemd.unit("gone.service", "inactive", "not-found")
    systemd.unit("daily.timer", LastTriggerUSec=("t", 1_700_000_000_500_000))
    systemd.unit("api.socket", NAccepted=("u", 7), NConnections=("u", 2), NRefused=("u", 1))
    systemd.unit("home.mount")
    collector = SystemdCollector(Trees.below(), bus=address)
    text, found = page(collector), told_now(collector)
    collector.close()
    assert kinds(text) == {
        "node_systemd_socket_accepted_connections_total": "counter",
        "node_systemd_socket_current_connections": "gauge",
        "node_systemd_socket_refused_connections_total": "gauge",
        "node_systemd_system_running": "gauge",
        "node_systemd_timer_last_trigger_seconds": "gauge",
        "node_systemd_unit_state": "gauge",
        "node_systemd_units": "gauge",
        "node_systemd_version": "gauge",
        "node_systemd_virtualization_info": "gauge",
    }
    assert set(values(found, "node_systemd_unit_state", "name")) == {
        "ssh.service", "bad.service", "daily.timer", "api.socket",
    }  # fmt: skip
    assert of(found, "node_systemd_unit_state", name="ssh.service", state="active", type="notify") == 1
    assert of(found, "node_systemd_unit_state", name="ssh.service", state="failed", type="notify") == 0
    assert of(found, "node_systemd_unit_state", name="bad.service", state="failed", type="simple") == 1
    assert of(found, "node_systemd_unit_state", name="daily.timer", state="active", type="") == 1
    assert values(found, "node_systemd_units", "state") == {
        "active": 4, "activating": 0, "deactivating": 0, "inactive": 1, "failed": 1,
    }  # fmt: skip
    assert of(found, "node_systemd_version", version="252.38-1~deb12u1") == 252.38
    assert of(found, "node_systemd_virtualization_info", virtualization_type="kvm") == 1
    assert of(found, "node_systemd_system_running") == 0
    assert of(found, "node_systemd_timer_last_trigger_seconds", name="daily.timer") == 1_700_000_000.5
    assert of(found, "node_systemd_socket_accepted_connections_total", name="api.socket") == 7
    assert of(found, "node_systemd_socket_current_connections", name="api.socket") == 2
    assert of(found, "node_systemd_socket_refused_connections_total", name="api.socket") == 1


def test_restarts_start_times_and_tasks_are_told_when_asked_for(systemd: StandIn, address: str) -> None:
    systemd.unit("a.service", NRestarts=("u", 3), ActiveEnterTimestamp=("t", 1_700_000_000_000_000),
                 TasksCurrent=("t", 5), TasksMax=("t", 2**64 - 1))  # fmt: skip
    systemd.unit("b.service", "inactive", ActiveEnterTimestamp=("t", 1), TasksCurrent=("t", 2**64 - 1))
    systemd.properties[ROOT, "SystemState"] = ("s", "running")
    collector = SystemdCollector(Trees.below(), bus=address, restarts=True, start_times=True, tasks=True)
    found = told_now(collector)
    collector.close()
    assert values(found, "node_systemd_service_restart_total", "name") == {"a.service": 3}
    assert values(found, "node_systemd_unit_start_time_seconds", "name") == {"a.service": 1.7e9, "b.service": 0}
    assert values(found, "node_systemd_unit_tasks_current", "name") == {"a.service": 5}
    assert values(found, "node_systemd_unit_tasks_max", "name") == {}
    assert of(found, "node_systemd_system_running") == 1


def test_the_types_of_units_are_asked_for_once(systemd: StandIn, address: str) -> None:
    systemd.unit("a.service", Type=("s", "oneshot"))
    collector = SystemdCollector(Trees.below(), bus=address)
    for _ in range(3):
        told_now(collector)
    systemd.unit("b.service", "failed", Type=("s", "dbus"))
    found = told_now(collector)
    collector.close()
    assert systemd.asked.count("ListUnits") == 4
    assert systemd.asked.count("Service.Type") == 2
    assert of(found, "node_systemd_unit_state", name="b.service", state="failed", type="dbus") == 1
    assert of(found, "node_systemd_unit_state", name="a.service", state="active", type="oneshot") == 1


def test_hundreds_of_units_are_asked_about_in_few_turns(systemd: StandIn, address: str) -> None:
    for number in range(500):
        systemd.unit(f"s{number:03}.service", Type=("s", "simple"), NRestarts=("u", number))
    collector = SystemdCollector(Trees.below(), bus=address, restarts=True)
    found = told_now(collector)
    collector.close()
    assert values(found, "node_systemd_service_restart_total", "name") == {
        f"s{number:03}.service": number for number in range(500)
    }


def test_a_systemd_that_does_not_answer_costs_one_scrape_each_and_is_found_again(
    systemd: StandIn, address: str
) -> None:
    systemd.unit("a.service")
    collector = SystemdCollector(Trees.below(), bus=address)
    told_now(collector)
    bus = collector.memory.bus
    assert bus is not None
    bus.patience_seconds = 0.1
    systemd.silent = True
    with pytest.raises(OSError, match="can't ask systemd over D-Bus at unix:path="):
        told_now(collector)
    systemd.silent = False
    bus.patience_seconds = 4.0
    assert "a.service" in values(told_now(collector), "node_systemd_unit_state", "name")
    collector.close()


def test_a_connection_that_broke_costs_one_scrape(systemd: StandIn, address: str) -> None:
    systemd.unit("a.service")
    collector = SystemdCollector(Trees.below(), bus=address)
    told_now(collector)
    bus = collector.memory.bus
    assert bus is not None
    assert bus._connection is not None
    bus._connection.sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OSError, match="can't ask systemd"):
        told_now(collector)
    assert "a.service" in values(told_now(collector), "node_systemd_unit_state", "name")
    collector.close()


def test_a_bus_that_is_not_there_is_an_error_that_says_where(tmp_path: Path) -> None:
    collector = SystemdCollector(Trees.below(), bus=f"unix:path={tmp_path}/none")
    with pytest.raises(OSError, match=f"D-Bus at unix:path={tmp_path}/none: .*No such file"):
        told_now(collector)


def test_where_systemd_is_not_init_there_is_nothing_to_tell(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        told_now(SystemdCollector(Trees.below(rootfs=str(tmp_path))))
