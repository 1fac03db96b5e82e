"""Which shipment of a DHL answer is the one asked about: DHL's businesses give out the same numbers.

Asked without a service, DHL may answer with another business's shipment, or with several. A shipment is ours
where neither its number nor its origin nor its destination says otherwise; its dates are looked at later. Whoever
ships types in references: one that cites our number is ours only where it has no number of its own.
"""

from shipments.tracking.carriers import parcels
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.carriers.dhl_shapes import Details, Place, Reference, Shipment
from shipments.tracking.carriers.scans import country_said


def ours_among(shipments: list[Shipment], leg: LegAsked, problems: list[str], *, asked: bool) -> list[Shipment]:
    """The leg's own shipment, or several entries for it (pieces). Every other one is named in `problems`.

    What names no number at all answers our question, where we `asked` one.
    """
    possible: list[tuple[tuple[int, int], Shipment]] = []
    for position, shipment in enumerate(shipments, start=1):
        named = _is_named(shipment, leg)
        why = "it carries another number" if named < (0 if asked else 1) else _why_another(shipment, leg)
        if why:
            problems.append(f"shipment {position} is left out as another one: {why}")
        else:
            possible.append(((named, _confirmed(shipment)), shipment))
    if len(possible) == 1:
        return [possible[0][1]]  # nearly always
    surest = max((sure for sure, _ in possible), default=None)
    kept = [shipment for sure, shipment in possible if sure == surest]
    if len(kept) < len(possible):
        problems.append("shipments are left out that say less of their number or way than the one believed")
    if len({(shipment.service or "").lower() for shipment in kept}) > 1:
        problems.append("several DHL businesses carry this number, and nothing tells which is ours: none is believed")
        return []
    return kept


def _why_another(shipment: Shipment, leg: LegAsked) -> str | None:
    if _differ(country_of_place(shipment.destination), parcels.country_of(leg.to_place)):
        return "it goes to another country"
    if _differ(country_of_place(shipment.origin), parcels.country_of(leg.from_place)):
        return "it comes from another country"
    return None


def _is_named(shipment: Shipment, leg: LegAsked) -> int:
    """2: our number is its own; 1: a piece's, or a reference of one without an own; 0: it has none; -1: others."""
    if shipment.id == leg.reference or not leg.reference:
        return 2
    said = [parcels.bare(name) for name in names_of(shipment)]
    reference = parcels.bare(leg.reference)
    if reference not in said:
        return -1 if said else 0
    return 2 if parcels.bare(_own(shipment)) == reference else 1


def names_of(shipment: Shipment) -> list[str]:
    """The numbers of a shipment and of its pieces; only where it has no own, those that it cites."""
    details = shipment.details or Details()
    own = _own(shipment)
    cited = [] if own else [other.number for other in _references(details.references)]
    return [name for name in (own, *(details.pieces or ()), *cited) if name]


def _own(shipment: Shipment) -> str:
    return "" if shipment.id is None else str(shipment.id)


def _references(said: list[Reference] | Reference | None) -> list[Reference]:
    """DHL's specification has both: one, and a list."""
    return [said] if isinstance(said, Reference) else said or []


def _confirmed(shipment: Shipment) -> int:
    return sum(country_of_place(place) is not None for place in (shipment.origin, shipment.destination))


def _differ(said: str | None, asked: str | None) -> bool:
    return said is not None and asked is not None and said != asked


def country_of_place(place: Place | None) -> str | None:
    """Two letters, or None."""
    return country_said(place.address.country) if place and place.address else None
