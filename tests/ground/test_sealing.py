"""Sealed fields: they open in their own place, under their own key, and nowhere else."""

from secrets import token_bytes
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipments.errors import SealBroken
from shipments.sealing import HASHES, KeyRing, PersonalKey

HASH_KEY = token_bytes(32)
OLD, NEW = token_bytes(32), token_bytes(32)
ROW = uuid4()


@pytest.fixture
def key(ring: KeyRing) -> PersonalKey:
    return ring.personal(ring.new_personal_key(ROW), ROW)


@given(st.text(max_size=200))
def test_what_was_sealed_opens_again_in_its_place(text: str) -> None:
    key = PersonalKey(OLD)
    assert key.open(key.seal(text, table="case", column="name", row=ROW), table="case", column="name", row=ROW) == text


def test_the_same_text_never_seals_to_the_same_bytes(key: PersonalKey) -> None:
    assert key.seal("Awa", table="case", column="name", row=ROW) != key.seal(
        "Awa", table="case", column="name", row=ROW
    )


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"table": "case", "column": "name_sealed", "row": uuid4()},
        {"table": "case", "column": "phone_sealed", "row": ROW},
        {"table": "outside_reference", "column": "name_sealed", "row": ROW},
    ],
    ids=["row", "column", "table"],
)
def test_moved_elsewhere_it_does_not_open(key: PersonalKey, elsewhere: dict[str, str]) -> None:
    sealed = key.seal("Awa", table="case", column="name_sealed", row=ROW)
    with pytest.raises(SealBroken, match="altered or moved"):
        key.open(sealed, **elsewhere)  # type: ignore[arg-type]


def test_any_flipped_bit_and_any_cut_is_found(key: PersonalKey) -> None:
    sealed = key.seal("Awa", table="case", column="name", row=ROW)
    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            key.open(bytes(altered), table="case", column="name", row=ROW)
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            key.open(sealed[:length], table="case", column="name", row=ROW)


def test_one_persons_key_does_not_open_anothers_field(ring: KeyRing, key: PersonalKey) -> None:
    sealed = key.seal("Awa", table="case", column="name", row=ROW)
    other = ring.personal(ring.new_personal_key(ROW), ROW)
    with pytest.raises(SealBroken):
        other.open(sealed, table="case", column="name", row=ROW)


def test_a_wrapped_key_belongs_to_its_row(ring: KeyRing) -> None:
    with pytest.raises(SealBroken, match="altered or moved"):
        ring.personal(ring.new_personal_key(ROW), uuid4())


def test_after_rotation_the_old_key_still_opens_and_the_new_one_seals() -> None:
    before = KeyRing({"k1": OLD}, HASH_KEY)
    wrapped = before.new_personal_key(ROW)
    sealed = before.personal(wrapped, ROW).seal("Awa", table="case", column="name", row=ROW)

    after = KeyRing({"k2": NEW, "k1": OLD}, HASH_KEY)
    assert after.personal(wrapped, ROW).open(sealed, table="case", column="name", row=ROW) == "Awa"
    assert after.new_personal_key(ROW).startswith(b"k2\0")
    assert after.keyed_hash("card", "T") == before.keyed_hash("card", "T")


def test_without_the_old_key_what_it_wrapped_is_gone_and_says_so() -> None:
    before, after = KeyRing({"k1": OLD}, HASH_KEY), KeyRing({"k2": NEW}, HASH_KEY)
    with pytest.raises(SealBroken, match="SHIPMENTS_SECRET_KEYS"):
        after.personal(before.new_personal_key(ROW), ROW)
    with pytest.raises(SealBroken, match="SHIPMENTS_SECRET_KEYS"):
        after.open_answer(before.seal_answer(b"{}", "one"), "one")


def test_a_key_under_another_keys_name_is_not_taken_for_it() -> None:
    wrapped = KeyRing({"k1": OLD}, HASH_KEY).new_personal_key(ROW)
    with pytest.raises(SealBroken, match="altered or moved"):
        KeyRing({"k1": NEW}, HASH_KEY).personal(wrapped, ROW)


@pytest.mark.parametrize("wrapped", [b"", b"k1", b"k1\0", b"\xff\0\xff", b"\0" * 100])
def test_bytes_that_are_no_wrapped_key_are_refused(wrapped: bytes) -> None:
    with pytest.raises(SealBroken):
        KeyRing({"k1": OLD}, HASH_KEY).personal(wrapped, ROW)


def test_a_kept_answer_opens_for_its_owner_only(ring: KeyRing) -> None:
    sealed = ring.seal_answer(b"secret", "one:key")
    assert ring.open_answer(sealed, "one:key") == b"secret"
    with pytest.raises(SealBroken):
        ring.open_answer(sealed, "two:key")


def test_hashes_differ_by_use_by_text_and_by_installation(ring: KeyRing) -> None:
    made = {ring.keyed_hash(use, text) for use in HASHES for text in ("a", "b")}
    assert len(made) == 2 * len(HASHES)
    assert KeyRing({"k1": OLD}, token_bytes(32)).keyed_hash("card", "a") not in made
