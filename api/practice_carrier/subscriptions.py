"""Who wants to be told by the practice carrier, of what, and what they were told already."""

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

import msgspec


class Subscription(msgspec.Struct, kw_only=True):
    """A callback. `references` None: everything at that interface. `secret` is as it was given.

    `pushed`: by reference, how many steps of its story were told here. `header`: DHL sends the secret in it.
    `tried_at`: when it last did not accept, by the monotonic clock; `asked_for`: the words it was made with.
    """

    id: str
    interface: str
    url: str
    secret: str
    references: frozenset[str] | None = None
    header: str = ""
    until: datetime | None = None
    asked_for: dict[str, object] = {}
    pushed: dict[str, int] = {}
    tried_at: float = float("-inf")

    def wants(self, reference: str) -> bool:
        """Whether it is about this one."""
        return self.references is None or reference in self.references


class Subscriptions:
    """Those that were made."""

    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}

    def make(self, interface: str, url: str, secret: str, **more: object) -> Subscription:
        """A new one; `more` as in `Subscription`."""
        told = {"id": str(uuid4()), "interface": interface, "url": url, "secret": secret, **more}
        made = msgspec.convert(told, Subscription)
        self._by_id[made.id] = made
        return made

    def find(self, id: str) -> Subscription | None:
        """By its id."""
        return self._by_id.get(id)

    def forget(self, id: str) -> bool:
        """No longer told; False where there was none."""
        return self._by_id.pop(id, None) is not None

    def clear(self) -> None:
        """Nobody is told any longer."""
        self._by_id.clear()

    def alive(self, now: datetime) -> Iterator[Subscription]:
        """Those that have not ended."""
        return (one for one in list(self._by_id.values()) if one.until is None or now < one.until)
