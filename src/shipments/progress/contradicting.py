"""Facts about one box that cannot all be true, from people; what carriers contradict is in `carrier_news`."""

import unicodedata
from collections.abc import Sequence
from uuid import UUID

from shipments.boxes.box import Happened
from shipments.boxes.latest import last_end, latest
from shipments.progress.carrier_news import Contradiction
from shipments.progress.facts import Arrival, BoxFacts, Deed
from shipments.receipts.receipt import CLOCK_ERROR
from shipments.receipts.standing import standing_receipt

_MINUS = "\N{MINUS SIGN}"  # a mathematical sign, though phones write it where a dash is meant


def contradictions_of(facts: BoxFacts, deeds: Sequence[Deed], receipts: Sequence[Arrival]) -> frozenset[Contradiction]:
    """`deeds` and `receipts` are uncorrected."""
    ended = last_end(deeds)
    found = {
        Contradiction.RECEIPTS_DIFFER: _differ(receipts),
        Contradiction.RECEIVED_AFTER_END: bool(receipts) and ended is not None and not ended_after(ended, receipts),
        Contradiction.RECEIVED_BEFORE_DISPATCH: _arrived_too_early(facts, receipts),
        Contradiction.HANDED_OVER_BEFORE_RECEIPT: _handed_over_too_early(facts, receipts),
        Contradiction.HANDED_OVER_MORE_THAN_GOOD: any(left < 0 for left in left_of(facts, receipts).values()),
        Contradiction.SEAL_DIFFERS: _seal_differs(deeds, receipts),
        Contradiction.SURPLUS: any(receipt.surplus > 0 for receipt in receipts),
    }
    return frozenset(word for word, holds in found.items() if holds)


def ended_after(ended: Deed | None, receipts: Sequence[Arrival]) -> bool:
    """Whether the way ended at the office, such as what nobody came for: after every arrival, and knowing of it."""
    return ended is not None and all(
        one.arrived_at < ended.occurred_at and one.heard_at <= ended.heard_at for one in receipts
    )


def left_of(facts: BoxFacts, receipts: Sequence[Arrival]) -> dict[UUID, int]:
    """Box line → pieces in good order that are left; below zero where more was handed over than came in good order."""
    standing = standing_receipt(receipts)
    good = {line: pieces for line, pieces, *_ in standing.found if line} if standing else {}
    left = {line: good.get(line, quantity) for line, quantity in facts.packed}
    for passing in {one.id: one for one in facts.handovers}.values():
        for line, quantity in passing.handed:
            left[line] = left.get(line, 0) - quantity
    return left


def plain_seal(number: str) -> str:
    """As seals are compared: people read the same number aloud, and type it with and without spaces and dashes."""
    kept = [sign for sign in unicodedata.normalize("NFKC", number) if sign != _MINUS and not _is_gap(sign)]
    return "".join(kept).casefold()


def _is_gap(sign: str) -> bool:
    return unicodedata.category(sign) in {"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"}


def _arrived_too_early(facts: BoxFacts, receipts: Sequence[Arrival]) -> bool:
    left_at = facts.dispatched_at or facts.registered_at
    return any(left_at - receipt.arrived_at > CLOCK_ERROR for receipt in receipts)


def _handed_over_too_early(facts: BoxFacts, receipts: Sequence[Arrival]) -> bool:
    arrived_at = min((receipt.arrived_at for receipt in receipts), default=None)
    return arrived_at is not None and any(arrived_at - passing.at > CLOCK_ERROR for passing in facts.handovers)


def _seal_differs(deeds: Sequence[Deed], receipts: Sequence[Arrival]) -> bool:
    sealed = latest(deeds, {Happened.SEALED, Happened.REOPENED})
    if sealed is None or sealed.seal_number is None:
        return False
    number = plain_seal(sealed.seal_number)
    return any(receipt.seal_number is not None and plain_seal(receipt.seal_number) != number for receipt in receipts)


def _differ(receipts: Sequence[Arrival]) -> bool:
    """Whether any two say different things. Saying less, such as a look without a count, is no contradiction."""
    conditions = {receipt.condition for receipt in receipts}
    seals = {plain_seal(receipt.seal_number) for receipt in receipts if receipt.seal_number is not None}
    counts = {receipt.found for receipt in receipts if receipt.counted}
    return max(len(conditions), len(seals), len(counts)) > 1
