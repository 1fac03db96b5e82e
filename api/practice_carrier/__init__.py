"""A carrier to practise with, on loopback: speaks DCSA, DHL, UPS, FedEx and Ship24, pushes, and errs when told to."""

from api.practice_carrier.clock import Clock
from api.practice_carrier.parcels import Shipped
from api.practice_carrier.practice import Practice
from api.practice_carrier.pushing import push
from api.practice_carrier.sea import Booked
from api.practice_carrier.serving import Running, nobody_answers, practice_carrier, run

__all__ = ["Booked", "Clock", "Practice", "Running", "Shipped", "nobody_answers", "practice_carrier", "push", "run"]
