"""Codes: what people read aloud, mistype and swap."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shipments.codes import ALPHABET, SYMBOLS, Kind, compact, mint, read, token
from shipments.errors import Invalid


def with_check(kind: Kind, symbols: str) -> tuple[Kind, str] | None:
    """The code of these 13 symbols as the rule says it, worked out apart from `shipments.codes`."""
    number = sum(ALPHABET.index(symbol) * 32**place for place, symbol in enumerate(reversed(symbols)))
    check = number % 37
    if check >= 32:
        return None
    return kind, f"{kind}-{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}-{ALPHABET[check]}"


kinds = st.sampled_from(Kind)
numbers = st.text(ALPHABET, min_size=SYMBOLS, max_size=SYMBOLS)
codes = st.builds(with_check, kinds, numbers).filter(bool).map(lambda found: found or (Kind.BOX, ""))
places = st.integers(0, SYMBOLS)


def symbols_of(code: str) -> list[str]:
    return list(compact(code)[2:])


@given(codes)
def test_a_code_reads_back_as_itself(minted: tuple[Kind, str]) -> None:
    kind, code = minted
    assert read(kind, code) == code
    assert read(kind, compact(code)) == code


@pytest.mark.parametrize("kind", Kind)
def test_a_minted_code_reads_back_as_itself(kind: Kind) -> None:
    for code in [mint(kind) for _ in range(500)]:
        assert read(kind, code) == code


@given(codes, st.data())
def test_typing_is_forgiven_case_spaces_dashes_and_look_alikes(minted: tuple[Kind, str], data: st.DataObject) -> None:
    kind, code = minted
    look_alikes = {"0": "0Oo", "1": "1IiLl"}
    typed = "".join(
        data.draw(st.sampled_from(look_alikes.get(symbol, symbol + symbol.lower())))
        + data.draw(st.sampled_from(["", " ", "-", " - "]))
        for symbol in symbols_of(code)
    )
    prefix = data.draw(st.sampled_from([kind.value, kind.value.lower(), f" {kind.value} - "]))
    assume(len(prefix + typed) <= 64)
    assert read(kind, prefix + typed) == code


@given(codes, places, st.sampled_from(ALPHABET))
def test_any_one_wrong_symbol_is_refused(minted: tuple[Kind, str], place: int, wrong: str) -> None:
    kind, code = minted
    symbols = symbols_of(code)
    assume(symbols[place] != wrong)
    symbols[place] = wrong
    with pytest.raises(Invalid, match="misread"):
        read(kind, kind.value + "".join(symbols))


@given(codes, st.integers(0, SYMBOLS - 1))
def test_two_neighbours_swapped_are_refused(minted: tuple[Kind, str], place: int) -> None:
    kind, code = minted
    symbols = symbols_of(code)
    assume(symbols[place] != symbols[place + 1])
    symbols[place], symbols[place + 1] = symbols[place + 1], symbols[place]
    with pytest.raises(Invalid, match="misread"):
        read(kind, kind.value + "".join(symbols))


@given(codes, kinds)
def test_a_code_of_another_kind_is_refused(minted: tuple[Kind, str], other: Kind) -> None:
    kind, code = minted
    assume(kind != other)
    with pytest.raises(Invalid, match=f"a code like {other}"):
        read(other, code)


@given(st.text(max_size=80), kinds)
def test_any_text_is_read_or_refused_as_invalid(typed: str, kind: Kind) -> None:
    try:
        code = read(kind, typed)
    except Invalid:
        return
    assert read(kind, code) == code


@pytest.mark.parametrize(
    "typed", ["", "BX", "BX-" + "0" * 13, "BX-" + "0" * 15, "BX" + " " * 70, "BX-\u0660\u0660\u0660\u0660", "\0"]
)
def test_what_is_no_code_at_all_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Invalid, match="a code like BX-"):
        read(Kind.BOX, typed)


def test_codes_have_sixty_random_bits_and_stay_in_a_qr_codes_alphanumeric_mode() -> None:
    minted = {mint(Kind.BOX) for _ in range(10_000)}
    assert len(minted) == 10_000
    assert 5 * SYMBOLS >= 60
    assert set("".join(map(compact, minted))) <= set(ALPHABET + "BX")
    at_each_place = zip(*map(symbols_of, minted), strict=True)
    assert [len(set(symbols)) for symbols in at_each_place] == [32] * (SYMBOLS + 1)


def test_card_tokens_have_128_random_bits_and_do_not_repeat() -> None:
    tokens = {token() for _ in range(10_000)}
    assert len(tokens) == 10_000
    assert all(len(one) * 5 >= 128 and set(one) <= set(ALPHABET) for one in tokens)
