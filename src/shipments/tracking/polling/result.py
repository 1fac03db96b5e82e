"""What came of a claim, on its way from the wire to the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shipments.errors import CarrierError
from shipments.tracking.calls.budgets import Reserved
from shipments.tracking.carriers.asking import Said
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.polling.claiming import Claim


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`outcome`: leg → what was said of it; an error; None: not asked, as the account was paused or stopped meanwhile.

    `wires`: how each call went, the claimed one and those for further pages, whose places in the budget are `pages`.
    `spoilt`: its token was refused, and is out of use now.
    """

    claim: Claim
    outcome: Mapping[UUID, Said] | CarrierError | None
    heard_at: datetime
    wires: Sequence[Wire] = ()
    pages: Sequence[Reserved] = ()
    spoilt: bool = False

    @property
    def is_answered(self) -> bool:
        """Whether the carrier gave an answer that could be read."""
        return isinstance(self.outcome, Mapping)

    @property
    def unmade(self) -> int:
        """How many of its places in the budget were not used."""
        return 1 + len(self.pages) - len(self.wires)
