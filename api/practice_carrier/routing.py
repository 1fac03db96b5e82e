"""Which interface a path belongs to. A path that ends with a slash stands for all below it."""

from collections.abc import Mapping

from api.practice_carrier import dcsa, dhl, fedex, ship24, subscribing, ups
from api.practice_carrier.speaking import Endpoint

ROUTES: Mapping[str, Endpoint] = {
    **dcsa.ROUTES,
    **dhl.ROUTES,
    **ups.ROUTES,
    **fedex.ROUTES,
    **ship24.ROUTES,
    **subscribing.ROUTES,
}
INTERFACES = (dcsa.MANNERS.name, dhl.MANNERS.name, ups.MANNERS.name, fedex.MANNERS.name, ship24.MANNERS.name)
_BELOW = tuple((path, endpoint) for path, endpoint in ROUTES.items() if path.endswith("/"))


def endpoint_at(path: str) -> Endpoint | None:
    """The endpoint of a path; None where no carrier has it."""
    exact = ROUTES.get(path)
    if exact is not None and not path.endswith("/"):
        return exact
    return next((endpoint for above, endpoint in _BELOW if path.startswith(above) and path != above), None)
