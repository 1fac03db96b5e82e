"""The carriers, by name. Adding one is a file of the shape `Carrier`, its table of codes, and a line here."""

from collections.abc import Mapping

from shipments.tracking.carriers import by_hand, dcsa, dhl, fedex, ship24, ups
from shipments.tracking.carriers.answers import Carrier

CARRIERS: Mapping[str, Carrier] = {"dcsa": dcsa, "by_hand": by_hand}

READERS: Mapping[str, Carrier] = {"dcsa": dcsa, "dhl": dhl, "fedex": fedex, "ship24": ship24, "ups": ups}
"""Every carrier whose answers we can read, also where we cannot yet ask it."""
