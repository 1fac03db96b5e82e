"""A body is read up to its limit, packed or not, and no further than its own end."""

import asyncio
import gzip
import os
import time
import zlib
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers.fetching import Wire, read_body

MOST = 100_000


class _Stream(httpx.AsyncByteStream):
    def __init__(self, chunks: Sequence[bytes]) -> None:
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk


def read(*chunks: bytes, packed: bool = True, wire: Wire | None = None, most: int = MOST) -> bytes:
    headers = {"Content-Encoding": "gzip"} if packed else {}
    response = httpx.Response(200, headers=headers, stream=_Stream(chunks))
    return asyncio.run(read_body(response, most, wire))


def test_whatever_pieces_it_comes_in_it_is_the_same() -> None:
    plain = os.urandom(1_000) * 90
    packed = gzip.compress(plain)
    for size in (1, 7, 1_000, len(packed)):
        assert read(*(packed[start : start + size] for start in range(0, len(packed), size))) == plain
    assert read(plain[:500], plain[500:], packed=False) == plain


@pytest.mark.parametrize("more", [b"\0", gzip.compress(b"[]"), b"x" * 50_000], ids=["a byte", "an answer", "much"])
def test_what_comes_after_the_end_of_the_packed_answer_is_refused(more: bytes) -> None:
    whole = gzip.compress(b"[]")
    for chunks in ((whole, more), (whole + more,)):
        with pytest.raises(CarrierUnreadable, match="after its end"):
            read(*chunks)


def test_no_more_comes_over_the_wire_than_the_limit_however_little_it_unpacks_to() -> None:
    empty = zlib.compressobj(wbits=31)
    nothing = empty.compress(b"") + b"".join(empty.flush(zlib.Z_FULL_FLUSH) for _ in range(1_000))
    marker = b"\0\0\0\xff\xff"
    wire = Wire()
    with pytest.raises(CarrierUnreadable, match="longer than"):
        read(nothing, *[marker * 2_000] * 1_000, wire=wire)
    assert wire.size <= MOST + len(marker) * 2_000


def test_a_small_bomb_does_not_grow() -> None:
    with pytest.raises(CarrierUnreadable, match="longer than"):
        read(gzip.compress(b" " * 50_000_000))


def test_a_body_of_just_the_limit_is_read_and_one_byte_more_is_not() -> None:
    assert len(read(gzip.compress(b" " * MOST))) == len(read(b" " * MOST, packed=False)) == MOST
    for body, packed in ((gzip.compress(b" " * (MOST + 1)), True), (b" " * (MOST + 1), False)):
        with pytest.raises(CarrierUnreadable, match="longer than"):
            read(body, packed=packed)


def test_bytes_without_end_are_read_in_the_time_of_the_limit_and_no_more() -> None:
    whole, begun = gzip.compress(b"[]"), time.monotonic()
    with pytest.raises(CarrierUnreadable):
        read(whole, *[b"x" * 65_536] * 10_000, most=2_000_000)
    assert time.monotonic() - begun < 2


def test_what_was_cut_off_is_no_answer() -> None:
    with pytest.raises(CarrierUnreadable, match="cut off"):
        read(gzip.compress(b"[1, 2, 3]")[:-1])
