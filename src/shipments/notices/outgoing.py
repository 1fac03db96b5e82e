"""A message in the hands of the one worker that sends it, and what comes of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shipments.notices.notice import Notice
from shipments.notices.wish import NoticeWish


class Outgoing(msgspec.Struct, frozen=True):
    """A message that only this worker sends, until `leased_until`. Its address and secrets no `repr` shows."""

    id: UUID
    fence: int
    leased_until: datetime
    made_at: datetime
    wish: NoticeWish
    time_zone: str
    notices: Sequence[Notice]
    offices: Mapping[UUID, str]

    def __repr__(self) -> str:
        return f"Outgoing(id={self.id!r})"


class Sent(msgspec.Struct, frozen=True):
    """The receiver took it."""


class Failed(msgspec.Struct, frozen=True):
    """The receiver did not. `for_good`: it never will; `gone`: it wants no message ever again.

    `trouble` holds no address and no secret. `wait_s`: what the receiver asked for.
    """

    trouble: str
    wait_s: float | None = None
    for_good: bool = False
    gone: bool = False


class Tried(msgspec.Struct, frozen=True):
    """What came of a message."""

    outgoing: Outgoing
    outcome: Sent | Failed
