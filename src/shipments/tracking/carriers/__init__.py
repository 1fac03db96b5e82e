"""The carriers, by name. Adding one is a file of the shape `Carrier`, its table of codes, and a line here."""

from collections.abc import Mapping

from shipments.tracking.carriers import by_hand, dcsa, dhl, ups
from shipments.tracking.carriers.answers import Carrier

CARRIERS: Mapping[str, Carrier] = {"dcsa": dcsa, "by_hand": by_hand}

READERS: Mapping[str, Carrier] = {"dcsa": dcsa, "dhl": dhl, "ups": ups}
"""Every carrier whose answers we can read, also where we cannot yet ask it."""
