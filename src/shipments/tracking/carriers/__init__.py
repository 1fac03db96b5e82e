"""The carriers, by name. Adding one is a file of the shape `Carrier` and its table of codes; nothing else is touched.

A carrier is a file `NAME.py` beside which a table `NAME_codes.py` stands; `by_hand` has no codes but our own.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

from shipments.tracking.carriers.answers import Carrier

_OURS = "by_hand"


def _names() -> Iterator[str]:
    found = {one.name for one in iter_modules(__path__)}
    return (name for name in sorted(found) if f"{name}_codes" in found or name == _OURS)


def _carrier(name: str) -> Carrier:
    module: Carrier = import_module(f"{__name__}.{name}")
    return module


CARRIERS: Mapping[str, Carrier] = {name: _carrier(name) for name in _names()}


def known_as(name: str) -> str:
    """What people call a carrier, to be translated where it is said; a name that is no carrier's stays as it is."""
    return CARRIERS[name].known_as if name in CARRIERS else name
