"""One call to the practice carrier, whichever interface it is: known, within the limits, answered, spoilt, counted."""

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from api.practice_carrier.faults import TOLD, Fault
from api.practice_carrier.limits import Over
from api.practice_carrier.parcels import Parcels
from api.practice_carrier.practice import Called, Kind, Practice
from api.practice_carrier.replies import Asked, Reply

Spoilt = Mapping[str, Fault]
"""The faults of what is said, by the reference that they spoil."""
Endpoint = Callable[[Practice, Asked], Reply]


class Manners(msgspec.Struct, frozen=True):
    """How an interface knows its customers and says no: `refuse` a status, `too_many` calls over a limit.

    `limited_as`: the limit that its calls count for, where it is not the one by its `name`.
    """

    name: str
    knows: Callable[[Practice, Asked], bool]
    refuse: Callable[[int, Mapping[str, str]], Reply]
    too_many: Callable[[Over], Reply]
    limited_as: str = ""


def answered(
    practice: Practice,
    manners: Manners,
    asked: Asked,
    references: Sequence[str],
    reply: Callable[[Spoilt], Reply],
    kind: Kind = "track",
) -> Reply:
    """The reply to one call, which is entered in the list of calls."""
    over, fault = None, None
    if not manners.knows(practice, asked):
        told = manners.refuse(401, {})
    elif over := practice.limits.take(manners.limited_as or manners.name, references, practice.clock.now()):
        told = manners.too_many(over)
    else:
        faults = practice.faults.next_for(manners.name, references)
        told = reply(faults)
        for fault in faults.values():
            if fault.name in TOLD:
                told = TOLD[fault.name](fault, told, manners.refuse)
                break
    practice.calls.append(
        Called(
            at=time.time(),
            reference=",".join(references),
            status=told.status,
            fault=fault.name if fault else None,
            interface=manners.name,
            kind=kind,
            over_limit=over.what if over else None,
        )
    )
    return told


def kept(practice: Practice, key: str, parcels: Parcels, build: Callable[[Sequence[int]], bytes]) -> bytes:
    """The answer about some parcels, built once and kept until the story of one moves on.

    `build` takes how many steps of each are told. `key`: what else the answer depends on.
    """
    now = practice.clock.now()
    told = [parcel.told_by(now) for parcel in parcels]
    known = practice.kept.get(key)
    if known is not None and known[0] is parcels and known[1] == told:
        return known[2]
    body = build(told)
    practice.kept[key] = (parcels, told, body)
    return body
