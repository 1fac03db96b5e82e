"""Remembering what words mean, so that the same words are not worked out for every parcel."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from shipments.tracking.carriers.believing import names_someone

_LONGEST = 300
_MOST = 8192

Words = TypeVarTuple("Words")
R = TypeVar("R")


class Remembered(dict[tuple[*Words], R]):
    """What a carrier's words mean, worked out once: carriers have few, and say the same of thousands of parcels.

    Long words would fill the memory and signatures would stay in it: both are read afresh each time.
    """

    def __init__(self, read: Callable[[*Words], R]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, words: tuple[*Words]) -> R:
        meant = self._read(*words)
        said = "\n".join([word for word in words if isinstance(word, str)])
        if len(said) <= _LONGEST and not names_someone(said):
            if len(self) >= _MOST:
                self.clear()
            self[words] = meant
        return meant
