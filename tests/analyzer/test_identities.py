"""What tells machines apart: taken from labels, without what software or careless makers made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from analyzer.data import Sample, Series, Window
from analyzer.identities import Identity, Registry

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
UUID = "4c4c4544-0042-3510-8052-b4c04f4e4d32"


@dataclass
class Told:
    """Answers each query by the metric that it begins with, and remembers what it was asked."""

    samples: Mapping[str, tuple[Sample, ...]]
    asked: list[str] = field(default_factory=list)

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        self.asked.append(promql)
        return next((told for metric, told in self.samples.items() if promql.startswith(metric)), ())

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        raise AssertionError(f"asked for {promql} in {window}")


def sample(value: float = 1.0, **labels: str) -> Sample:
    return Sample({"instance": "db-1", "job": "node", **labels}, NOW.timestamp(), value)


async def identity(samples: Mapping[str, tuple[Sample, ...]]) -> Identity:
    known = await Registry(Told(samples)).identities({"10.0.0.5": NOW.timestamp() - 90}, NOW)
    return known.get("db-1", Identity())


async def test_those_that_are_gone_are_asked_for_as_they_last_were_and_no_others() -> None:
    queries = Told({})
    gone = {"10.0.0.5:9100": NOW.timestamp() - 100, "10.0.0.6:9100": NOW.timestamp() - 90.5}
    assert await Registry(queries, 'job="node",').identities(gone, NOW) == {}
    picked = r'{job="node",instance=~"10\\.0\\.0\\.5:9100|10\\.0\\.0\\.6:9100"}'
    assert queries.asked == [
        f'node_uname_info{{job="node"}} or last_over_time(node_uname_info{picked}[400s])',
        f'node_network_info{{job="node"}} or last_over_time(node_network_info{picked}[400s])',
        f'node_dmi_info{{job="node"}} or last_over_time(node_dmi_info{picked}[400s])',
        f'node_context_switches_total{{job="node"}} or last_over_time(node_context_switches_total{picked}[400s])',
        f"max by (instance) (max_over_time(timestamp(node_boot_time_seconds{picked})[400s:15s]))",
    ]


async def test_a_machine_is_known_by_its_names_kernel_cards_firmware_and_last_sample() -> None:
    uname = sample(
        nodename="DB-1", node="worker-3", sysname="Linux", release="6.1.0", version="#1 SMP", machine="x86_64"
    )
    found = await identity(
        {
            "node_uname_info": (uname,),
            "node_network_info": (sample(device="eno1", address="A4:BF:01:23:45:67"),),
            "node_dmi_info": (sample(product_uuid=UUID.upper()),),
            "max by": (sample(1234.5),),
            "node_context": (sample(98765.0),),
        }
    )
    assert found == Identity(
        frozenset({"db-1", "worker-3"}),
        frozenset({"a4:bf:01:23:45:67"}),
        frozenset({UUID}),
        frozenset({"Linux 6.1.0 #1 SMP x86_64"}),
        1234.5,
        98765.0,
    )


@pytest.mark.parametrize("nodename", ["localhost", "localhost.localdomain", "LOCALHOST", "(none)", ""])
async def test_a_name_that_every_machine_has_is_none(nodename: str) -> None:
    assert (await identity({"node_uname_info": (sample(nodename=nodename),)})).names == frozenset()


@pytest.mark.parametrize(
    ("device", "address"),
    [
        ("eth0", "02:42:ac:11:00:02"),  # a container's, made up by Docker
        ("ens4", "42:01:0a:80:00:02"),  # made from an address of the network
        ("eno1", "00:00:5e:00:01:0a"),  # wanders between routers
        ("eno1", "00:00:00:00:00:00"),
        ("eno1", "ff:ff:ff:ff:ff:ff"),
        ("eno1", ""),
        ("docker0", "a4:bf:01:23:45:67"),
        ("vethc0ffee", "a4:bf:01:23:45:67"),
        ("lo", "a4:bf:01:23:45:67"),
    ],
)
async def test_a_card_that_software_made_or_that_others_have_too_tells_nobody_apart(device: str, address: str) -> None:
    assert (await identity({"node_network_info": (sample(device=device, address=address),)})).cards == frozenset()


@pytest.mark.parametrize(
    "uuid",
    [
        "",
        "Not Settable",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009",
    ],
)
async def test_firmware_that_was_never_filled_in_tells_nobody_apart(uuid: str) -> None:
    assert (await identity({"node_dmi_info": (sample(product_uuid=uuid),)})).firmware == frozenset()
