"""What a card says: short, plain, and safe in anybody's hands."""

from collections.abc import Mapping, Sequence

from api.pages.card_reading import TRAVELS, Point, Trouble, Way
from api.pages.words import N_

STEPS: Sequence[tuple[Point, str]] = (
    (Point.ASKED, N_("Asked for")),
    (Point.PREPARING, N_("Being prepared")),
    (Point.TRAVELLING, N_("Travelling")),
    (Point.IN_THE_COUNTRY, N_("Arrived in the country")),
    (Point.READY, N_("Ready for you")),
    (Point.HANDED_OVER, N_("In your hands")),
)

NOW_AND_NEXT: Mapping[Point, tuple[str, str]] = {
    Point.NOTHING_YET: (N_("Nothing has been asked for yet."), N_("Next: your counsellor plans it with you.")),
    Point.ASKED: (N_("Your request has been made."), N_("Next: it is looked at and answered.")),
    Point.APPROVED: (N_("Your request is approved."), N_("Next: your things are collected and packed.")),
    Point.PREPARING: (N_("Your box is being prepared."), N_("Next: it leaves, together with others.")),
    Point.TRAVELLING: (N_("Your box is travelling."), N_("Next: it arrives in the country.")),
    Point.IN_THE_COUNTRY: (N_("Your box is in the country."), N_("Next: it is brought to our office.")),
    Point.AT_THE_OFFICE: (N_("Your box is at our office."), N_("Next: we look through it, then we call you.")),
    Point.READY: (N_("Your box is ready for you."), N_("Next: call us to agree on a day. Bring this card.")),
    Point.HANDED_OVER: (N_("You have your box."), N_("Call us if anything is wrong with it.")),
    Point.ENDED: (N_("This box does not come as planned."), N_("Please call us. We shall explain and help.")),
}

TROUBLES: Mapping[Trouble, str] = {
    Trouble.LATE: N_("It is later than we thought. We are asking where it is."),
    Trouble.STOPPED: N_("It is stopped on its way. This can take some time; we are working on it."),
    Trouble.QUIET: N_("We have heard nothing new for some time. We are asking."),
    Trouble.CALL: N_("We tried to reach you and could not. Please call us."),
}

_RANK = {point: rank for rank, (point, _) in enumerate(STEPS)}
_RANK |= {Point.NOTHING_YET: -1, Point.APPROVED: _RANK[Point.PREPARING], Point.AT_THE_OFFICE: _RANK[Point.READY]}


def steps(way: Way) -> list[tuple[str, str]]:
    """Each step and its state: done, now, or to come. None for a box that does not come."""
    if way.point is Point.ENDED:
        return []
    here, last = _RANK[way.point], _RANK[Point.HANDED_OVER]
    states = ["done" if at < here or at == here == last else "now" if at == here else "to come" for at in range(6)]
    return [(name, state) for (_, name), state in zip(STEPS, states, strict=True)]


def awaits_date(way: Way) -> bool:
    """Whether people ask when it comes."""
    return way.point in {*TRAVELS, Point.PREPARING, Point.APPROVED, Point.ASKED}
