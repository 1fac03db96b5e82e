"""A worker that is killed while it sends: the message goes out again under the same id, and only once more."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from shipments.clock import utc_now
from tests.notices.house import TO, House
from tests.notices.receivers import Hook, MailServer

LEASE_S = 4.0


def worker(house: House, url: str) -> "subprocess.Popen[str]":
    """`shipments notices send` in a process of its own."""
    settings = house.settings
    environment = {
        "SHIPMENTS_DATABASE_URL": url,
        "SHIPMENTS_SECRET_KEYS": settings.secret_keys.get_secret_value(),
        "SHIPMENTS_HASH_KEY": settings.hash_key.get_secret_value(),
        "SHIPMENTS_SMTP_URL": settings.smtp_url.get_secret_value(),
        "SHIPMENTS_MAIL_FROM": settings.mail_from,
        "SHIPMENTS_LEASE_S": str(LEASE_S),
    }
    return subprocess.Popen(
        [Path(sys.executable).with_name("shipments"), "notices", "send"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("channel", ["email", "webhook"])
def test_a_message_whose_worker_was_killed_is_sent_again_under_the_same_id(
    house: House, sqlite_url: str, server: MailServer, hook: Hook, channel: str
) -> None:
    receiver: MailServer | Hook = server if channel == "email" else hook

    def ids() -> list[str]:
        mails = [mail["Message-ID"] for mail in server.mails]
        return mails + [call.headers["webhook-id"] for call in hook.calls]

    house.journey.now = utc_now() - timedelta(hours=1)
    house.wish(TO if channel == "email" else hook.url)
    house.tell()
    receiver.hold.clear()
    first = worker(house, sqlite_url)
    assert receiver.heard.wait(30), first.communicate(timeout=10)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=10)
    receiver.hold.set()
    assert house.the_delivery().sent_at is None

    said = "sent 0, failed 0"
    deadline = time.monotonic() + 40
    while said == "sent 0, failed 0" and time.monotonic() < deadline:
        said = worker(house, sqlite_url).communicate(timeout=30)[0].strip()
    assert said == "sent 1, failed 0"
    assert len(ids()) == 2
    assert len(set(ids())) == 1
    assert house.the_delivery().sent_at is not None
    assert worker(house, sqlite_url).communicate(timeout=30)[0].strip() == "sent 0, failed 0"
    assert len(ids()) == 2
