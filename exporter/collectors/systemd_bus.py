"""Questions to systemd over D-Bus, on a connection that is kept. Many properties are asked for in one go.

https://www.freedesktop.org/wiki/Software/systemd/dbus/ (org.freedesktop.systemd1)
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import Properties

PREFIX = "org.freedesktop.systemd1"
MANAGER = DBusAddress("/org/freedesktop/systemd1", PREFIX, f"{PREFIX}.Manager")
MOST_AT_ONCE = 64
"""How many questions wait for their answers: more could fill the sockets both ways and stop everybody."""


class BusBroken(OSError):
    """There is no answer to be had from systemd over this bus."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as ListUnits tells of it."""

    name: str
    load_state: str
    active_state: str
    path: str


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an object's interface: what can be asked for."""

    path: str
    interface: str
    name: str

    @property
    def question(self) -> Message:
        return Properties(DBusAddress(self.path, PREFIX, f"{PREFIX}.{self.interface}")).get(self.name)


class Bus:
    """One connection, made when first needed, and anew after it broke."""

    __slots__ = ("_connection", "address", "patience_seconds")

    def __init__(self, address: str, patience_seconds: float = 4.0) -> None:
        self.address = address
        self.patience_seconds = patience_seconds
        self._connection: DBusConnection | None = None

    def units(self) -> list[Unit]:
        """All units that systemd has loaded."""
        (answer,) = self._ask([new_method_call(MANAGER, "ListUnits")])
        if answer.header.message_type is MessageType.error:
            raise BusBroken(f"systemd won't list its units: {' '.join(map(str, answer.body))}")
        return [Unit(one[0], one[2], one[3], one[6]) for one in answer.body[0]]

    def properties(self, wanted: Sequence[Property]) -> list[Any]:
        """Their values in that order; None for what systemd doesn't tell."""
        answers: list[Message] = []
        for at in range(0, len(wanted), MOST_AT_ONCE):
            answers += self._ask([one.question for one in wanted[at : at + MOST_AT_ONCE]])
        return [None if one.header.message_type is MessageType.error else one.body[0][1] for one in answers]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, questions: Sequence[Message]) -> list[Message]:
        """The answers, in the order of the questions; BusBroken when they don't come."""
        try:
            return self._exchange(questions)
        except (OSError, RuntimeError, ValueError, KeyError) as error:  # what jeepney raises for broken peers
            self.close()
            raise BusBroken(f"can't ask systemd over D-Bus at {self.address}: {error}") from error

    def _exchange(self, questions: Sequence[Message]) -> list[Message]:
        if self._connection is None:
            self._connection = open_dbus_connection(self.address)
        connection, ends = self._connection, time.monotonic() + self.patience_seconds
        serials = [next(connection.outgoing_serial) for _ in questions]
        for serial, question in zip(serials, questions, strict=True):
            connection.send(question, serial=serial)
        answers: dict[int, Message] = {}
        waiting = set(serials)
        while waiting:
            message = connection.receive(timeout=max(ends - time.monotonic(), 0.0))
            serial = message.header.fields.get(HeaderFields.reply_serial, -1)
            if serial in waiting:
                waiting.discard(serial)
                answers[serial] = message
        return [answers[serial] for serial in serials]
