"""A worker is killed while it sends: its messages go out again under the same ids, and only once more."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from jobs.sending import Posted
from shipments.clock import utc_now
from tests.notices.house import House
from tests.notices.receivers import Hook, MailServer

LEASE_S = 300.0


def worker(house: House, url: str) -> "subprocess.Popen[str]":
    """`shipments notices send` in a process of its own."""
    settings = house.settings
    environment = {
        "SHIPMENTS_DATABASE_URL": url,
        "SHIPMENTS_SECRET_KEYS": settings.secret_keys.get_secret_value(),
        "SHIPMENTS_HASH_KEY": settings.hash_key.get_secret_value(),
        "SHIPMENTS_SMTP_URL": settings.smtp_url.get_secret_value(),
        "SHIPMENTS_MAIL_FROM": settings.mail_from,
        "SHIPMENTS_BASE_URL": settings.base_url,
        "SHIPMENTS_LEASE_S": str(LEASE_S),
    }
    return subprocess.Popen(
        [Path(sys.executable).with_name("shipments"), "notices", "send"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_messages_whose_worker_was_killed_are_sent_again_under_the_same_ids(
    house: House, sqlite_url: str, server: MailServer, hook: Hook
) -> None:
    house.journey.now = utc_now() - timedelta(hours=1)
    house.wish()
    house.wish(hook.url)
    house.tell()
    server.hold.clear()
    hook.hold.clear()
    first = worker(house, sqlite_url)
    assert server.heard.wait(30)
    assert hook.heard.wait(30)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=10)
    server.hold.set()
    hook.hold.set()
    assert [one.sent_at for one in house.deliveries()] == [None, None]

    house.journey.now = utc_now()
    assert house.send() == [Posted()]  # nobody knows yet that the holder of the lease is dead
    house.journey.now += timedelta(seconds=LEASE_S)
    assert house.send() == [Posted(sent=2)]
    assert house.send() == [Posted()]
    mails = [mail["Message-ID"] for mail in server.mails]
    calls = [call.headers["webhook-id"] for call in hook.calls]
    assert (len(mails), len(set(mails))) == (2, 1)
    assert (len(calls), len(set(calls))) == (2, 1)
    assert [str(mail) for mail in server.mails[:1]] == [str(mail) for mail in server.mails[1:]]
