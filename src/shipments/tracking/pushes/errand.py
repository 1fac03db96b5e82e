"""One call to a carrier, for it to tell us of legs by itself or to tell no more, and what may come of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shipments.errors import CarrierError
from shipments.tracking.calls.moving import Placed
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.carriers.pushing import Hook, Subscribed, Subscribes

Came = Mapping[str, Subscribed] | CarrierError | None
"""By reference, what became of each leg's subscription; None: the carrier does not know the one that was named."""


class Errand(msgspec.Struct, frozen=True):
    """One call to make at its place. `hook` None: to be told no more. `due_at`: what tells this worker's claim.

    `legs`: by subscription; none where one is ended.
    """

    account_id: UUID
    carrier: Subscribes
    placed: Placed
    due_at: datetime
    subscriptions: Sequence[UUID]
    legs: Mapping[UUID, LegAsked]
    hook: Hook | None
    key: str | None
