"""Wireless interfaces: their network, and how well they hear each station."""

from __future__ import annotations

import base64
import errno
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.attributes import Sample
from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Kind, Listing
from exporter.nl80211 import MODES, Network, Radio, Station, radios
from exporter.procfs import Trees

NANO, MEGA = 1e9, 1e6
WITHOUT = frozenset({errno.ENOENT, errno.EPERM, errno.EACCES, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT})
FREQUENCY = Family("node_wifi_interface_frequency_hertz", "Frequency of now.", labels=("device",))
INFO = Family(
    "node_wifi_station_info", "The network that it is in, in labels.", labels=("bssid", "device", "mode", "ssid")
)


def of_station(name: str, text: str) -> Family:
    kind: Kind = "counter" if name.endswith("_total") else "gauge"
    return Family(f"node_wifi_station_{name}", text, kind, ("device", "mac_address"))


STATION = {
    "connected_seconds": of_station("connected_seconds_total", "Time since the station connected."),
    "inactive_seconds": of_station("inactive_seconds", "Time since the station was last heard."),
    "receive_rate": of_station("receive_bits_per_second", "Rate of receiving."),
    "transmit_rate": of_station("transmit_bits_per_second", "Rate of sending."),
    "received_bytes": of_station("receive_bytes_total", "Bytes received."),
    "transmitted_bytes": of_station("transmit_bytes_total", "Bytes sent."),
    "received_packets": of_station("received_packets_total", "Packets received."),
    "transmitted_packets": of_station("transmitted_packets_total", "Packets sent."),
    "signal_dbm": of_station("signal_dbm", "Strength of the signal."),
    "retries": of_station("transmit_retries_total", "How often sending was tried again."),
    "failed": of_station("transmit_failed_total", "How often sending failed."),
    "beacon_loss": of_station("beacon_loss_total", "Beacons that were lost."),
}


@dataclass(frozen=True, slots=True)
class WifiCollector:
    """Source: the kernel's nl80211, or files for tests."""

    trees: Trees
    fixtures: str = setting("", "Folder with what to tell instead, as JSON files; for tests.")
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        found = list(of_files(Path(self.fixtures))) if self.fixtures else of_kernel()
        if not found:
            raise NoData("no wireless interface")
        return [self.listing.block(sample for radio in found for sample in samples(radio))]


def of_kernel() -> list[Radio]:
    try:
        return radios()
    except OSError as error:
        if error.errno in WITHOUT:
            raise NoData(f"no wireless, or not for this user: {error}") from error
        raise


def samples(radio: Radio) -> Iterator[Sample]:
    yield FREQUENCY, (radio.name,), radio.megahertz * MEGA
    if radio.network is not None:
        yield INFO, (radio.network.bssid, radio.name, radio.network.mode, radio.network.ssid), 1
    for station in radio.stations:
        for name, family in STATION.items():
            yield family, (radio.name, station.address), getattr(station, name)


def of_files(folder: Path) -> Iterator[Radio]:
    """Radios as node_exporter's fixtures have them; those without a name are left out."""
    for interface in json.loads((folder / "interfaces.json").read_text()):
        if name := interface.get("name"):
            network, stations = folder / name / "bss.json", folder / name / "stationinfo.json"
            yield Radio(
                name,
                interface["frequency"],
                _network(json.loads(network.read_text())) if network.exists() else None,
                tuple(map(_station, json.loads(stations.read_text()))) if stations.exists() else (),
            )


def _network(given: dict[str, Any]) -> Network:
    return Network(_address(given["bssid"]), given["ssid"], MODES.get(given["status"], "unknown"))


def _station(given: dict[str, Any]) -> Station:
    return Station(
        _address(given["hardwareaddr"]),
        connected_seconds=given["connected"] / NANO,
        inactive_seconds=given["inactive"] / NANO,
        receive_rate=given["receivebitrate"],
        transmit_rate=given["transmitbitrate"],
        signal_dbm=given["signal"],
        retries=given["transmitretries"],
        failed=given["transmitfailed"],
        beacon_loss=given["beaconloss"],
    )


def _address(encoded: str) -> str:
    return base64.b64decode(encoded).hex(":")
