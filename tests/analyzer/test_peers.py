"""Peers: who is alike, who left its group, and what moves all of them moves nobody."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.data import Feature, Fleet, Host
from analyzer.errors import NotEnoughHistory
from analyzer.peers import Groups, group_hosts

START = 1_790_000_000.0
NAMES = ("cpu_busy_ratio", "disk_written_bytes_per_second", "network_sent_bytes_per_second", "raid_disks_failed")
EFFECTS = (0.05, 1e5, 1e5, 1.0)
FEATURES = tuple(
    Feature(name, "", "", "up", {"en": name}, minimum_effect=effect)
    for name, effect in zip(NAMES, EFFECTS, strict=True)
)
WEB, DATABASE = (0.3, 2e5, 5e7, 0.0), (0.15, 4e7, 3e6, 0.0)


def fleet(seed: int = 0, webs: int = 8, databases: int = 6, steps: int = 60) -> Fleet:
    rng = np.random.default_rng(seed)
    kinds = [WEB] * webs + [DATABASE] * databases
    level = np.array(kinds)[:, :, None] * np.random.default_rng(9).uniform(0.9, 1.1, (len(kinds), 1, 1))
    values = level * rng.normal(1.0, 0.05, (len(kinds), len(NAMES), steps))
    hosts = [Host(f"web-{i}") for i in range(webs)] + [Host(f"db-{i}") for i in range(databases)]
    return Fleet(tuple(hosts), NAMES, START + np.arange(steps) * np.float64(60), values.astype(np.float32))


def moved(hosts: Fleet, row: int | slice, feature: str, factor: float) -> Fleet:
    values = hosts.values.copy()
    values[row, NAMES.index(feature)] *= factor
    return Fleet(hosts.hosts, hosts.features, hosts.times, values)


@pytest.fixture(scope="module")
def groups() -> Groups:
    return group_hosts(fleet(), FEATURES)


def test_web_servers_and_databases_are_two_groups(groups: Groups) -> None:
    alike = sorted(sorted(hosts) for hosts in groups.alike().values())
    assert alike == [[f"db-{i}" for i in range(6)], [f"web-{i}" for i in range(8)]]


def test_a_group_is_named_for_one_of_its_members(groups: Groups) -> None:
    for name, hosts in groups.alike().items():
        assert name in hosts


def test_nobody_has_left_while_all_go_on(groups: Groups) -> None:
    compared = groups.compare(fleet(seed=1))
    assert len(compared) == 14
    assert max(peers.distance for peers in compared.values()) < 4


def test_the_host_that_left_its_group_stands_out_with_the_feature_it_left_by(groups: Groups) -> None:
    compared = groups.compare(moved(fleet(seed=1), 2, "cpu_busy_ratio", 3.0))
    gone = compared["web-2"]
    assert gone.distance > 10
    assert next(iter(gone.departures)) == "cpu_busy_ratio"
    assert gone.departures["cpu_busy_ratio"] > 0
    assert gone.others == 7
    assert max(peers.distance for host, peers in compared.items() if host != "web-2") < 4


def test_what_moves_all_of_a_group_moves_nobody(groups: Groups) -> None:
    compared = groups.compare(moved(fleet(seed=1), slice(0, 8), "network_sent_bytes_per_second", 3.0))
    assert max(peers.distance for peers in compared.values()) < 5


def test_a_difference_too_small_to_care_about_is_none(groups: Groups) -> None:
    # Everybody is exactly as usual but for one percent of one CPU; a person cares about five.
    values = np.repeat(groups.usual[:, :, None], 3, axis=2)
    values[3, 0] += 0.01
    hosts = fleet()
    compared = groups.compare(Fleet(hosts.hosts, NAMES, hosts.times[:3], values.astype(np.float32)))
    assert 0.1 < compared["web-3"].departures["cpu_busy_ratio"] < 0.25


def test_a_host_that_always_was_a_little_different_has_not_left() -> None:
    different = group_hosts(moved(fleet(), 4, "cpu_busy_ratio", 1.6), FEATURES)
    assert "web-4" in next(hosts for hosts in different.alike().values() if "web-1" in hosts)
    compared = different.compare(moved(fleet(seed=1), 4, "cpu_busy_ratio", 1.6))
    assert compared["web-4"].distance < 4


def test_a_host_like_no_other_has_no_peers() -> None:
    hosts = fleet()
    odd = np.array([0.95, 5e8, 1e2, 3.0])[None, :, None] * np.ones((1, 1, 60))
    values = np.concatenate([hosts.values, odd.astype(np.float32)])
    known = Fleet((*hosts.hosts, Host("gpu-0")), hosts.features, hosts.times, values)
    found = group_hosts(known, FEATURES)
    assert "gpu-0" not in found.compare(known)
    assert all("gpu-0" not in alike for alike in found.alike().values())


def test_a_silent_host_is_compared_with_nobody(groups: Groups) -> None:
    hosts = fleet(seed=1)
    values = hosts.values.copy()
    values[0] = np.nan
    compared = groups.compare(Fleet(hosts.hosts, hosts.features, hosts.times, values))
    assert "web-0" not in compared
    assert compared["web-1"].others == 6


def test_two_hosts_are_too_few_to_be_peers() -> None:
    with pytest.raises(NotEnoughHistory, match="at least 3 hosts, there are 2"):
        group_hosts(fleet(webs=1, databases=1), FEATURES)


def test_equal_hosts_are_one_group() -> None:
    hosts = fleet()
    values = np.tile(hosts.values[:1], (14, 1, 1))
    found = group_hosts(Fleet(hosts.hosts, hosts.features, hosts.times, values), FEATURES)
    assert len(found.names) == 1
    assert all(
        peers.distance == 0
        for peers in found.compare(hosts.__class__(hosts.hosts, NAMES, hosts.times, values)).values()
    )
