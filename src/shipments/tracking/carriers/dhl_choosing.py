"""Which shipment of a DHL answer is the one asked about: DHL's businesses give out the same numbers.

Asked without a service, DHL may answer with another business's shipment, or with several. A shipment is ours
where neither its number nor its origin nor its destination says otherwise; its dates are looked at later.
"""

from shipments.tracking.carriers import parcels
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.carriers.dhl_shapes import Place, Reference, Shipment
from shipments.tracking.carriers.scans import country_said


def ours_among(shipments: list[Shipment], leg: LegAsked, problems: list[str]) -> list[Shipment]:
    """The leg's own shipment, or several entries for it (pieces). Every other one is named in `problems`."""
    possible: list[tuple[int, Shipment]] = []
    for position, shipment in enumerate(shipments, start=1):
        why = _why_another(shipment, leg)
        if why:
            problems.append(f"shipment {position} is left out as another one: {why}")
        else:
            possible.append((_confirmed(shipment), shipment))
    if len(possible) == 1:
        return [possible[0][1]]  # nearly always
    surest = max((sure for sure, _ in possible), default=0)
    kept = [shipment for sure, shipment in possible if sure == surest]
    if len(kept) < len(possible):
        problems.append("shipments are left out that say less of their way than the one believed")
    if len({(shipment.service or "").lower() for shipment in kept}) > 1:
        problems.append("several DHL businesses carry this number, and nothing tells which is ours: none is believed")
        return []
    return kept


def _why_another(shipment: Shipment, leg: LegAsked) -> str | None:
    if shipment.id != leg.reference and not _names(shipment, parcels.bare(leg.reference)):
        return "it carries another number"
    if _differ(country_of_place(shipment.destination), parcels.country_of(leg.to_place)):
        return "it goes to another country"
    if _differ(country_of_place(shipment.origin), parcels.country_of(leg.from_place)):
        return "it comes from another country"
    return None


def _names(shipment: Shipment, reference: str) -> bool:
    """True where either names no number at all: then it is the answer to our question."""
    said = [parcels.bare(name) for name in names_of(shipment) if name]
    return not said or not reference or reference in said


def names_of(shipment: Shipment) -> list[str | None]:
    """Every number that a shipment has: its own, its pieces' and its references'."""
    names = [shipment.id]
    if shipment.details is not None:
        names += shipment.details.pieces or []
        names += [other.number for other in _references(shipment.details.references)]
    return names


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
