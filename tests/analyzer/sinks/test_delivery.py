"""The courier: at least once, in order, gentle to who is down."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import DeliveryDelayed, DeliveryRefused
from analyzer.sinks.delivery import Backoff, Courier
from analyzer.store import Delivery, Owed, Store

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
STEADY = Backoff(first_seconds=2, longest_seconds=300, spread=0)


@dataclass
class Letterbox:
    """Takes what it is given, unless told to fail."""

    name: str = "letters"
    taken: list[str] = field(default_factory=list)
    tried: int = 0
    fails: DeliveryDelayed | DeliveryRefused | None = None
    poison: str = ""

    async def deliver(self, delivery: Delivery) -> str | None:
        self.tried += 1
        if self.fails is not None:
            raise self.fails
        if delivery.owed.key == self.poison:
            raise DeliveryDelayed("this one breaks the receiver")
        self.taken.append(delivery.owed.key)
        return None


def letters(*keys: str) -> list[Owed]:
    return [Owed("letters", key, key, "{}") for key in keys]


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 2), (2, 4), (3, 8), (7, 128), (8, 256), (9, 300), (20, 300), (10_000, 300)]
)
def test_the_wait_doubles_up_to_its_limit(failures: int, seconds: float) -> None:
    assert STEADY.seconds(failures, 0.5) == seconds


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_the_wait_is_spread_around_its_middle_by_no_more_than_stated(failures: int, chance: float) -> None:
    spread = Backoff(2, 300, 0.25)
    middle = STEADY.seconds(failures, 0.5)
    assert 0.75 * middle <= spread.seconds(failures, chance) <= 1.25 * middle


async def test_all_that_is_due_is_delivered_in_one_go_oldest_first(store: Store) -> None:
    box = Letterbox()
    await store.outbox.enqueue(letters(*(f"{number:03}" for number in range(250))), NOW)
    await Courier(store.outbox, box, STEADY).deliver_due(NOW)
    assert box.taken == [f"{number:03}" for number in range(250)]
    assert (await store.outbox.status())[0].pending == 0


async def test_a_receiver_that_is_down_is_asked_once_in_a_while_however_much_is_owed(store: Store) -> None:
    box = Letterbox(fails=DeliveryDelayed("down"))
    courier = Courier(store.outbox, box, STEADY)
    await store.outbox.enqueue(letters(*(f"{number:02}" for number in range(50))), NOW)
    for second in range(63):
        await courier.deliver_due(NOW + timedelta(seconds=second))
    assert box.tried == 6  # at 0, 2, 6, 14, 30 and 62 s
    box.fails = None
    await courier.deliver_due(NOW + timedelta(seconds=126))
    assert len(box.taken) == 50


async def test_what_a_stop_interrupts_is_owed_again_at_once(store: Store) -> None:
    box, begun = Letterbox(), asyncio.Event()

    class Slow(Letterbox):
        async def deliver(self, delivery: Delivery) -> str | None:
            begun.set()
            await asyncio.sleep(60)
            return await super().deliver(delivery)

    await store.outbox.enqueue(letters("a"), NOW)
    stopped = asyncio.create_task(Courier(store.outbox, Slow(), STEADY).deliver_due(NOW))
    await begun.wait()
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    await Courier(store.outbox, box, STEADY).deliver_due(NOW + timedelta(seconds=2))
    assert box.taken == ["a"]


async def test_one_delivery_that_always_fails_does_not_starve_the_others(store: Store) -> None:
    box = Letterbox(poison="00")
    courier = Courier(store.outbox, box, STEADY)
    await store.outbox.enqueue(letters("00", "01", "02"), NOW)
    for second in range(4):
        await courier.deliver_due(NOW + timedelta(seconds=second))
    assert box.taken == ["01", "02"]


async def test_a_receiver_is_logged_when_it_fails_and_when_it_is_back_and_not_in_between(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    box = Letterbox(fails=DeliveryDelayed("connection refused"))
    courier = Courier(store.outbox, box, STEADY)
    await store.outbox.enqueue(letters("a"), NOW)
    for second in (0, 2, 6):
        await courier.deliver_due(NOW + timedelta(seconds=second))
    box.fails = None
    await courier.deliver_due(NOW + timedelta(seconds=14))
    assert caplog.messages == [
        "letters can't deliver, will try again: connection refused",
        "letters delivers again after 3 failed attempts",
    ]


async def test_a_refusal_is_logged_and_the_next_delivery_follows_at_once(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    box = Letterbox(fails=DeliveryRefused("no such dashboard"))
    await store.outbox.enqueue(letters("a", "b"), NOW)
    await Courier(store.outbox, box, STEADY).deliver_due(NOW)
    assert box.tried == 2
    assert caplog.messages[0] == "letters refused a for good: no such dashboard"


async def test_nothing_is_sent_while_it_cannot_be_noted_and_it_goes_on_afterwards(tmp_path: Path, store: Store) -> None:
    box = Letterbox()
    courier = Courier(store.outbox, box, STEADY)
    await store.outbox.enqueue(letters("a"), NOW)
    damage = sqlite3.connect(tmp_path / "data/openmanager.db")
    damage.execute("ALTER TABLE delivery_totals RENAME TO elsewhere")
    await courier.deliver_due(NOW)
    assert box.tried == 0
    damage.execute("ALTER TABLE elsewhere RENAME TO delivery_totals")
    damage.close()
    await courier.deliver_due(NOW + timedelta(minutes=3))
    assert box.taken == ["a"]
