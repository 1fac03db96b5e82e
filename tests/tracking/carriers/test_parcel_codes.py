"""DHL's and UPS's tables of codes against the carriers' own lists, where these are at hand."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shipments.tracking.carriers import dhl_codes, ups_codes
from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone
from tests.tracking.carriers.telling_parcels import dhl_event, read_one_dhl, read_one_ups, ups_activity

LIST = Path(__file__).parents[4] / "shared" / "carrier-specs" / "status_mapping.csv"
needs_the_list = pytest.mark.skipif(
    not LIST.is_file(), reason=f"the carriers' code lists are not beside the repository, in {LIST.name}"
)
TABLES: Mapping[str, Mapping[str, Meaning]] = {
    "dhl_unified": dhl_codes.STATUS_CODES,
    "dhl_express": dhl_codes.BUSINESSES["express"],
    "dhl_dgf": dhl_codes.BUSINESSES["dgf"],
}
OTHERWISE = {
    # Delivered for UPS, and for us at a hub: the hub is not the office.
    "statusCode=026": Milestone.ARRIVED_DESTINATION,
    "statusCode=143": Milestone.AVAILABLE_FOR_PICKUP,
    "statusCode=161": Milestone.AVAILABLE_FOR_PICKUP,
    # Delivered only with status code 011.
    "type=D": None,
}
"""Where we judge otherwise than the list that proposes a milestone for every code."""


def rows(carrier: str) -> Iterator[tuple[str, str]]:
    """Code and proposed milestone."""
    with LIST.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["carrier"] == carrier:
                yield row["carrier_code"], row["canonical_status"].partition(":")[0]


def proposed(word: str) -> Milestone | None:
    return None if word == "unknown" else Milestone(word)


@needs_the_list
@pytest.mark.parametrize("carrier", TABLES)
def test_every_code_of_dhls_own_lists_is_mapped_or_deliberately_unmapped(carrier: str) -> None:
    codes = list(rows(carrier))
    assert codes
    judged = {code: TABLES[carrier][code].milestone for code, _ in codes}
    assert judged == {code: proposed(word) for code, word in codes}


def ups_meanings(code: str) -> list[Meaning | None]:
    """Of `type=`, `statusCode=` or `code=`, with each type that the code comes with."""
    kind, _, value = code.partition("=")
    if kind == "type":
        return [ups_codes.meaning_of(value, None, None)]
    if kind == "statusCode":
        return [ups_codes.meaning_of("D" if value == "011" else None, None, value)]
    return [ups_codes.meaning_of(kind, value, None) for kind in ("M", "X", "I") if value in ups_codes.CODES[kind]]


def judged_for_ups(code: str) -> set[Milestone | None]:
    meanings = ups_meanings(code)
    assert meanings, f"{code} is neither mapped nor deliberately unmapped"
    known = [meaning for meaning in meanings if meaning is not None]
    return {meaning.there if code == "statusCode=026" else meaning.milestone for meaning in known}


@needs_the_list
def test_every_code_of_upss_own_lists_is_mapped_or_deliberately_unmapped() -> None:
    codes = list(rows("ups"))
    assert len(codes) > 100
    for code, word in codes:
        assert None not in ups_meanings(code), code
        expected = OTHERWISE[code] if code in OTHERWISE else proposed(word)
        if code != "code=DP":  # with type I it is a departure
            assert judged_for_ups(code) == {expected}, code


@pytest.mark.parametrize(
    "table",
    [*dhl_codes.BUSINESSES.values(), dhl_codes.STATUS_CODES, ups_codes.ALL_STATUS_CODES, *ups_codes.CODES.values()],
)
def test_a_reason_stands_beside_an_exception_and_nowhere_else(table: Mapping[str, Meaning]) -> None:
    assert table
    for meaning in table.values():
        assert meaning.reason is None or meaning.milestone is Milestone.EXCEPTION


@pytest.mark.parametrize("table", [dhl_codes.DELIBERATELY_UNMAPPED, ups_codes.DELIBERATELY_UNMAPPED])
def test_what_is_deliberately_unmapped_has_a_word_and_no_milestone(table: Mapping[str, Meaning]) -> None:
    assert all(meaning.event and meaning.milestone is None for meaning in table.values())


def test_of_upss_status_codes_only_011_says_delivered() -> None:
    said = {code for code, meaning in ups_codes.ALL_STATUS_CODES.items() if meaning.milestone is Milestone.DELIVERED}
    assert said == {"011"}
    assert all(
        ups_codes.meaning_of(kind, None, status) is not ups_codes.DELIVERED
        for kind in (*ups_codes.ALL_TYPES, None)
        for status in (*ups_codes.ALL_STATUS_CODES, None)
        if (kind, status) != ("D", "011")
    )


@pytest.mark.parametrize("code", ["x" * 10_000, "\u202e\x00A", "CP\n"])
def test_a_code_of_any_length_and_script_can_be_kept(code: str) -> None:
    for event in (read_one_dhl(dhl_event(None, code=code)), read_one_ups(ups_activity(f"X/{code}/{code}"))):
        assert event.event is None
        assert event.raw_code.isprintable()
        assert 0 < len(event.raw_code) <= 60
