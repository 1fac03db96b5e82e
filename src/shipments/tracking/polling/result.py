"""What came of a claim, on its way from the wire to the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shipments.errors import CarrierError, CarrierUnreadable
from shipments.tracking.calls.budgets import Reserved
from shipments.tracking.carriers.answers import Unanswered
from shipments.tracking.carriers.asking import Said
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.polling.claiming import Claim


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`outcome`: leg → what was said of it, or why nothing was; an error of the whole call; None: not asked, as the
    account was paused or stopped meanwhile.

    `wires`: how each call went, the claimed one and those for further pages, whose places in the budget are `pages`.
    `spoilt`: its token was refused, and is out of use now.
    """

    claim: Claim
    outcome: Mapping[UUID, Said | Unanswered] | CarrierError | None
    heard_at: datetime
    wires: Sequence[Wire] = ()
    pages: Sequence[Reserved] = ()
    spoilt: bool = False

    @property
    def said(self) -> Mapping[UUID, Said]:
        """The legs that were answered for."""
        outcome = self.outcome if isinstance(self.outcome, Mapping) else {}
        return {leg: one for leg, one in outcome.items() if isinstance(one, Said)}

    @property
    def errors(self) -> Mapping[UUID, CarrierError]:
        """The legs that were asked about and not answered for."""
        if isinstance(self.outcome, CarrierError):
            return {leg.leg_id: self.outcome for leg in self.claim.legs}
        return {leg: one for leg, one in (self.outcome or {}).items() if isinstance(one, CarrierError)}

    @property
    def error(self) -> CarrierError | None:
        """That of the call, where no leg was answered for: that the carrier is down goes before a bad number."""
        errors = self.errors.values()
        return None if self.said else min(errors, key=lambda one: isinstance(one, CarrierUnreadable), default=None)

    @property
    def is_answered(self) -> bool:
        """Whether the carrier gave an answer that could be read."""
        return bool(self.said)

    @property
    def unmade(self) -> int:
        """How many of its places in the budget were not used."""
        return 1 + len(self.pages) - len(self.wires)
