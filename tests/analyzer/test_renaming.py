"""Whether a host that appeared is one that fell silent: the same machine under another name, or one that is like it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.data import Fleet, Host, Precedent, Values
from analyzer.identities import Identity
from analyzer.judge.carrying import carried
from analyzer.judge.memory import Episode, Memory
from analyzer.judge.renaming import Life, Suspects, renames, suspects
from analyzer.judge.watch import Watch
from analyzer.machines import Machine
from analyzer.names import Rename

NOW, STARTED, LEFT, CAME = 100_000.0, 50_000.0, 99_890.0, 99_900.0
SLACK = 60.0
GIB = 2.0**30
MACHINE = Machine(STARTED, 8.0, 16 * GIB)
CARD, UUID = "a4:bf:01:23:45:67", "4c4c4544-0042-3510-8052-b4c04f4e4d32"
KERNEL = frozenset({"Linux 6.1.0 #1 SMP x86_64"})


def known_by(name: str = "", card: str = "", uuid: str = "") -> Identity:
    names, cards, firmware = (frozenset({fact}) if fact else frozenset[str]() for fact in (name, card, uuid))
    return Identity(names, cards, firmware, KERNEL)


SELF = known_by("db-1", CARD, UUID)
OLD = Life("10.0.0.5", "node", MACHINE, SELF, ended=LEFT)
NEW = Life("db-1:9100", "node", MACHINE, SELF, begun=CAME)


def told(*lives: Life, slack: float = SLACK) -> list[tuple[str, str]]:
    new = {life.host: life.begun for life in lives if math.isfinite(life.begun) and math.isinf(life.ended)}
    gone = {life.host: life.ended for life in lives if math.isfinite(life.ended)}
    return [(one.before, one.now) for one in renames(Suspects(new, gone), lives, slack, NOW)]


MERGED = [("10.0.0.5", "db-1:9100")]


def test_the_same_machine_under_another_name_is_found() -> None:
    assert told(OLD, NEW) == MERGED
    assert renames(Suspects({"db-1:9100": CAME}, {"10.0.0.5": LEFT}), (OLD, NEW), SLACK, NOW)[0].at == NOW


@pytest.mark.parametrize("shared", [known_by("db-1"), known_by(card=CARD), known_by(uuid=UUID)])
def test_one_thing_that_tells_it_apart_is_enough_while_it_runs_on(shared: Identity) -> None:
    assert told(replace(OLD, identity=shared), replace(NEW, identity=shared)) == MERGED


def test_a_host_renamed_by_its_own_command_is_known_by_its_hardware() -> None:
    assert told(replace(OLD, identity=known_by("old", CARD)), replace(NEW, identity=known_by("new", CARD))) == MERGED


def test_a_clock_that_was_set_by_some_seconds_changes_nothing() -> None:
    assert told(OLD, replace(NEW, machine=replace(MACHINE, booted_at=STARTED + 4))) == MERGED


def test_kernel_start_and_size_alone_say_nothing_of_who_it_is() -> None:
    """Containers on one kernel have all of these in common, and each has a name of its own."""
    assert told(replace(OLD, identity=known_by("c0ffee")), replace(NEW, identity=known_by("decade"))) == []
    assert told(replace(OLD, identity=Identity()), replace(NEW, identity=Identity())) == []


OTHER = known_by("db-1", "a4:bf:01:99:99:99", "11111111-2222-3333-4444-555566667777")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(NEW, identity=OTHER), id="clones made in the same second, of one name"),
        pytest.param(replace(NEW, identity=replace(SELF, cards=OTHER.cards)), id="its cards"),
        pytest.param(replace(NEW, identity=replace(SELF, firmware=OTHER.firmware)), id="its firmware"),
        pytest.param(replace(NEW, identity=replace(SELF, kernels=frozenset({"Linux 6.8.0"}))), id="its kernel"),
        pytest.param(
            replace(NEW, machine=replace(MACHINE, booted_at=STARTED + 6)), id="it started later, while both ran"
        ),
        pytest.param(replace(NEW, machine=replace(MACHINE, booted_at=STARTED - 600)), id="it started before"),
        pytest.param(replace(NEW, machine=replace(MACHINE, cores=9.0)), id="its cores"),
        pytest.param(replace(NEW, machine=replace(MACHINE, memory_bytes=32 * GIB)), id="its memory"),
        pytest.param(replace(NEW, machine=Machine(STARTED, 8.0, None)), id="its memory is not told"),
        pytest.param(replace(NEW, machine=Machine(None, 8.0, 16 * GIB)), id="its start is not told"),
        pytest.param(replace(NEW, begun=LEFT - 61), id="both lived at one time"),
    ],
)
def test_whatever_says_otherwise_counts(other: Life) -> None:
    assert told(OLD, other) == []


def counted(switches: float) -> Identity:
    return replace(known_by("template"), switches=switches)


def test_clones_of_one_second_and_one_name_have_not_done_just_as_much() -> None:
    """The one that is gone had a switch a second since it started: 170 s later it has at most 30 times 170 more."""
    old = replace(OLD, identity=counted(49_890))
    for switches in (49_890, 50_000, 54_990):
        assert told(old, replace(NEW, identity=counted(switches))) == MERGED
    for switches in (49_889, 54_991):
        assert told(old, replace(NEW, identity=counted(switches))) == []
    assert told(old, replace(NEW, identity=known_by("template"))) == MERGED, "not every exporter counts them"


def test_a_few_scrapes_under_both_names_are_no_life_together() -> None:
    assert told(OLD, replace(NEW, begun=LEFT - 60)) == MERGED


AGAIN = replace(MACHINE, booted_at=LEFT + 5)


def test_after_a_start_the_hardware_tells_who_it_is() -> None:
    for shared in (SELF, known_by("db-1", CARD), known_by("db-1", uuid=UUID)):
        assert told(replace(OLD, identity=shared), replace(NEW, identity=shared, machine=AGAIN)) == MERGED
    nodename = known_by("db-1")
    assert told(replace(OLD, identity=nodename), replace(NEW, identity=nodename, machine=AGAIN)) == []


def test_a_card_that_was_put_into_another_machine_does_not_take_its_name_along() -> None:
    laptop = replace(SELF, cards=frozenset({CARD, "a4:bf:01:00:00:01"}), firmware=frozenset())
    another = replace(SELF, cards=frozenset({CARD, "a4:bf:01:00:00:02"}), firmware=frozenset())
    assert told(replace(OLD, identity=laptop), replace(NEW, identity=another, machine=AGAIN)) == []


def test_a_machine_that_was_away_for_long_and_has_another_name_may_have_been_set_up_anew() -> None:
    late = replace(NEW, begun=LEFT + 1801, machine=AGAIN)
    assert told(OLD, late) == MERGED
    assert told(OLD, replace(late, identity=replace(SELF, names=frozenset({"web-9"})))) == []
    soon = replace(late, begun=LEFT + 1800, identity=replace(SELF, names=frozenset({"web-9"})))
    assert told(OLD, soon) == MERGED


def test_who_could_be_one_of_two_stays_what_he_is() -> None:
    """Clones that nothing tells apart, or containers on the network of one kernel: one more of them is no rename."""
    twin = replace(OLD, host="10.0.0.6", ended=math.inf)
    assert told(OLD, NEW, twin) == []
    assert told(OLD, NEW, replace(twin, ended=LEFT - 10)) == [], "both are gone, and lived at one time"
    assert told(OLD, NEW, replace(NEW, host="db-2:9100")) == []


def test_two_that_could_both_be_the_one_that_is_gone_are_two_new_hosts() -> None:
    """Each has one of its cards: it was taken apart."""
    cards = [CARD, "a4:bf:01:00:00:01"]
    parts = [replace(NEW, host=f"part-{n}", identity=known_by(f"part-{n}", card)) for n, card in enumerate(cards)]
    whole = replace(OLD, identity=replace(known_by("whole"), cards=frozenset(cards)))
    assert told(whole, parts[0]) == [("10.0.0.5", "part-0")]
    assert told(whole, *parts) == []


def test_two_exporters_of_one_machine_keep_their_own_names_apart() -> None:
    own = replace(OLD, host="10.0.0.5:9200", job="own", ended=math.inf)
    assert told(OLD, NEW, own) == MERGED, "one goes on under its name"
    both = (OLD, NEW, replace(own, ended=LEFT), replace(NEW, host="db-1:9200", job="own"))
    assert told(*both) == [*MERGED, ("10.0.0.5:9200", "db-1:9200")]
    assert told(OLD, replace(own, begun=-math.inf)) == [], "the one that was always there is nobody's new name"


def test_a_chain_of_names_is_followed() -> None:
    between = replace(OLD, host="10.0.0.6", begun=LEFT + 5, ended=LEFT + 50)
    last = replace(NEW, begun=LEFT + 60)
    assert told(OLD, between, last) == [("10.0.0.5", "10.0.0.6"), ("10.0.0.6", "db-1:9100")]
    assert told(OLD, replace(between, begun=-math.inf, ended=LEFT - 100), last) == [], "two at one time"


def test_a_whole_fleet_that_is_renamed_at_once_keeps_its_machines_apart() -> None:
    lives = []
    for number in range(200):
        identity = known_by(f"web-{number}", f"a4:bf:01:00:{number // 256:02x}:{number % 256:02x}")
        lives += [
            replace(OLD, host=f"10.0.0.{number}", identity=identity),
            replace(NEW, host=f"web-{number}", identity=identity),
        ]
    assert sorted(told(*lives)) == sorted((f"10.0.0.{number}", f"web-{number}") for number in range(200))
    same = [replace(life, identity=known_by("localhost.example")) for life in lives]
    assert told(*same) == []


TIMES = st.integers(0, 20).map(lambda tens: NOW - 1000.0 + 10.0 * tens)


@st.composite
def some_lives(draw: st.DrawFn) -> list[Life]:
    """Hosts of few machines, that came and went: all that could be confused."""
    hosts = []
    for number in range(draw(st.integers(2, 6))):
        begun, ended = sorted((draw(TIMES), draw(TIMES)))
        machine = draw(st.sampled_from([MACHINE, AGAIN, replace(MACHINE, cores=4.0)]))
        identity = known_by(*(draw(st.sampled_from(["", "a", "b"])) for _ in range(3)))
        gone, new = draw(st.booleans()), draw(st.booleans())
        life = Life(f"host-{number}", draw(st.sampled_from(["node", "own"])), machine, identity)
        hosts.append(replace(life, begun=begun if new else -math.inf, ended=ended if gone else math.inf))
    return hosts


@given(some_lives())
def test_two_that_were_seen_at_one_time_are_never_taken_for_one(lives: list[Life]) -> None:
    known = {life.host: life for life in lives}
    found = told(*lives)
    group: dict[str, set[str]] = {}
    for before, now in found:
        group[now] = {now, *group.pop(before, {before})}
    for names in group.values():
        ordered = sorted((known[name] for name in names), key=lambda life: (life.ended, life.host))
        for place, later in enumerate(ordered):
            assert all(earlier.ended - later.begun <= SLACK for earlier in ordered[:place])
    assert len({before for before, _ in found}) == len({now for _, now in found}) == len(found)


@given(some_lives())
def test_the_order_in_which_hosts_are_known_changes_nothing(lives: list[Life]) -> None:
    assert told(*lives) == told(*reversed(lives))


def rows(**hosts: list[float]) -> Fleet:
    """One feature of each host at 15 s steps, the last at NOW."""
    values: Values = np.array(list(hosts.values()), np.float32)[:, None, :]
    times = NOW - 15.0 * np.arange(values.shape[2], dtype=np.float64)[::-1]
    return Fleet(tuple(Host(name, "node") for name in hosts), ("cpu",), times, values)


NAN = math.nan
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def suspected(fleet: Fleet, last_seen: Mapping[str, float], not_asked: tuple[str, ...] = ()) -> Suspects:
    memory = Memory(tuple(last_seen), Watch.of(len(last_seen)), last_seen)
    return suspects(memory, fleet, NOW, 90.0, SLACK, not_asked)


def test_in_usual_cycles_nobody_is_asked_about() -> None:
    assert suspected(rows(a=[1.0] * 20, b=[1.0] * 20), {"a": NOW - 15, "b": NOW - 15}) == Suspects()
    assert suspected(rows(a=[1.0] * 20, b=[NAN] * 15 + [1.0] * 5), {"a": NOW - 15}) == Suspects(), "a host more"
    silent = rows(a=[1.0] * 20, b=[1.0] * 10 + [NAN] * 10)
    assert suspected(silent, {"a": NOW - 15, "b": NOW - 150}) == Suspects(), "one less"


def test_a_host_that_came_while_another_fell_silent_is_asked_about() -> None:
    fleet = rows(a=[1.0] * 20, old=[1.0] * 10 + [NAN] * 10, new=[NAN] * 11 + [1.0] * 9)
    known = {"a": NOW - 15, "old": NOW - 150}
    assert suspected(fleet, known) == Suspects({"new": NOW - 120}, {"old": NOW - 150})
    assert suspected(fleet, {**known, "old": NOW - 60}) == Suspects(), "it is not called silent yet"
    assert suspected(fleet, known, ("old",)) == Suspects(), "it could not be asked"
    away = rows(a=[1.0] * 20, new=[NAN] * 11 + [1.0] * 9)
    assert suspected(away, {**known, "old": NOW - 80_000}).gone == {"old": NOW - 80_000}, "it was away for long"


def test_a_host_that_came_and_is_gone_as_well_is_nobodys_new_name() -> None:
    fleet = rows(a=[1.0] * 20, old=[1.0] * 8 + [NAN] * 12, new=[NAN] * 9 + [1.0] * 2 + [NAN] * 9)
    assert suspected(fleet, {"a": NOW - 15, "old": NOW - 180}) == Suspects()


def test_a_host_that_was_there_long_before_is_nobodys_new_name() -> None:
    fleet = rows(a=[1.0] * 60, old=[1.0] * 50 + [NAN] * 10, other=[NAN] * 10 + [1.0] * 50)
    assert suspected(fleet, {"a": NOW - 15, "old": NOW - 150}) == Suspects()


def test_who_came_while_nobody_looked_may_have_lived_beside_the_one_that_is_gone() -> None:
    fleet = rows(a=[1.0] * 20, old=[1.0] * 10 + [NAN] * 10, new=[NAN] * 5 + [1.0] * 15)
    away = {"a": NOW - 9000, "old": NOW - 9000}
    assert suspected(fleet, away) == Suspects(), "what came before these rows is not known"
    assert suspected(fleet, {"a": NOW - 285, "old": NOW - 285}) == Suspects({"new": NOW - 210}, {"old": NOW - 150})


def remembering() -> Memory:
    watch = Watch.of(3)
    watch.days[:] = [1.0, 2.0, 3.0]
    return Memory(
        hosts=("a", "old", "new"),
        watch=watch,
        last_seen={"a": NOW, "old": NOW - 100, "new": NOW - 15},
        episodes=(
            Episode("anomaly", "old", NOW - 500, told=True),
            Episode("saturation:full", "old", NOW - 500),
            Episode("saturation:full", "new", NOW - 50),
            Episode("silent", "old", NOW - 100),
            Episode("reboot", "old", NOW - 500),
            Episode("anomaly", "a", NOW - 500),
        ),
        machines={"old": MACHINE, "new": replace(MACHINE, cores=9.0)},
        past={"old": (Precedent("old", LONG_AGO, LONG_AGO, 1, 0.5, {}),)},
        first_seen={"a": 1.0, "new": NOW - 90},
    )


def test_all_that_the_judge_knows_goes_on_under_the_new_name() -> None:
    memory, news = carried(remembering(), [Rename("old", "new", NOW)])
    assert news == [Rename("old", "new", NOW)]
    assert memory.hosts == ("a", "new")
    assert memory.watch.days.tolist() == [1.0, 2.0]
    assert memory.last_seen == {"a": NOW, "new": NOW - 15}
    assert memory.first_seen == {"a": 1.0}, "it is no new host any more"
    assert memory.machines == {"new": MACHINE}
    assert [one.host for one in memory.past["new"]] == ["new"]
    assert [(one.kind, one.host, one.starts_at, one.told) for one in memory.episodes] == [
        ("anomaly", "new", NOW - 500, False),
        ("saturation:full", "new", NOW - 50, False),
        ("anomaly", "a", NOW - 500, False),
    ]
    again = carried(memory, [Rename("old", "new", NOW)])
    assert again == (memory, [])


def test_what_bears_the_old_name_by_now_is_another_host() -> None:
    memory = replace(remembering(), last_seen={"a": NOW, "old": NOW + 5, "new": NOW})
    assert carried(memory, [Rename("old", "new", NOW)]) == (memory, [])


@given(st.permutations(["a", "b", "c", "d", "e"]), st.integers(1, 4))
def test_whatever_is_renamed_nothing_of_other_hosts_is_lost(order: list[str], count: int) -> None:
    """Some of five hosts go on under names never heard of, one of them by two steps at once."""
    watch = Watch.of(5)
    watch.days[:] = np.arange(5)
    memory = Memory(
        tuple(order), watch, dict.fromkeys(order, NOW), machines={name: Machine(ord(name)) for name in order}
    )
    names = [Rename(name, f"{name}2", NOW) for name in order[:count]] + [Rename(f"{order[0]}2", f"{order[0]}3", NOW)]
    after, news = carried(memory, names)
    assert news == names
    expected = [f"{order[0]}3", *(f"{name}2" for name in order[1:count]), *order[count:]]
    assert after.hosts == tuple(expected)
    assert after.watch.days.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [after.machines[name].booted_at for name in expected] == [float(ord(name)) for name in order]
