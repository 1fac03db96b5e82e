"""A carrier to practise with: speaks DCSA 2.2 on loopback, moves ships by a voyage, errs when told to."""

from api.practice_carrier.practice import Practice
from api.practice_carrier.sea import Booked, Clock
from api.practice_carrier.serving import Running, practice_carrier, run

__all__ = ["Booked", "Clock", "Practice", "Running", "practice_carrier", "run"]
