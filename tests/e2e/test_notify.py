"""`notify-test`: one message to every channel, and an exit code that says whether it arrived."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.conftest import ROOT
from tests.processes import a_free_port, clean_environment


@dataclass
class Mailbox:
    """Counts what it is sent."""

    mails: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), a_free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    yield box, port
    controller.stop()


def notify_test(*addresses: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment() | {"OPENMANAGER_NOTIFY_URLS": " ".join(addresses)}
    command = [sys.executable, "-m", "analyzer", "notify-test"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def mail_to(port: int) -> str:
    return f"mailto://127.0.0.1:{port}?from=om@example.org&to=oncall@example.org&mode=insecure"


def test_it_sends_one_message_to_every_channel(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    ended = notify_test(mail_to(port))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "notify:mailto took the message\n", "")
    assert len(box.mails) == 1


def test_a_channel_that_does_not_take_it_is_named_and_the_others_get_theirs(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    ended = notify_test(f"json://127.0.0.1:{a_free_port()}/token-of-mine", mail_to(port))
    assert (ended.returncode, ended.stdout) == (1, "notify:mailto took the message\n")
    assert ended.stderr.startswith("notify:json did not take the message: ")
    assert "token-of-mine" not in ended.stderr
    assert len(box.mails) == 1
