"""DHL Unified's push: the same shipments as in its answers, with a static header that we choose.

Source: DHL's Push API 1.2 and its examples: `{"scope", "self", "shipments": […]}`, and a subscription's
`hook.authentication` of type `ApiKeyAuthentication`, whose `header` is `X-Shipments-Key` here and whose `token` is
the account's push secret. The subscription is made by hand, since DHL grants it customer by customer.

A message does not say when it was made. The times of its events do not tell: an estimate may change days after the
last event. Its header proves nothing about the body either, so that a time in it would add nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers.dhl_choosing import names_of
from shipments.tracking.carriers.dhl_shapes import Told
from shipments.tracking.carriers.parts import read_parts
from shipments.tracking.carriers.pushing import bare_ones, fits_a_header, header_of, is_one_of

accepted_status: Final = 200
takes_secret = fits_a_header
HEADER = "X-Shipments-Key"


def is_genuine(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Whether our header holds one of the secrets."""
    return is_one_of(header_of(headers, HEADER.lower()), secrets)


def made_at(body: bytes) -> datetime | None:
    """It does not say."""
    return None


def pushed_references(body: bytes) -> frozenset[str]:
    """Every number of its shipments and their pieces. Raises CarrierUnreadable."""
    told = read_parts(body, Told, [], carrier="DHL")
    if told.shipments is None:
        raise CarrierUnreadable("The DHL message holds no list of shipments.")
    return bare_ones([name for shipment in told.shipments for name in names_of(shipment)])
