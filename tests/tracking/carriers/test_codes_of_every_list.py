"""FedEx's, Ship24's, DCSA's, IATA's and the posts' tables against the lists of their codes, where these are at hand.

DHL's and UPS's lists have a file of their own, `test_parcel_codes`.
"""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from shipments.tracking.carriers import CARRIERS, dcsa_codes, fedex_codes, iata_codes, ship24_codes, upu_codes
from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone, Reason

SPECIFICATIONS = Path(__file__).parents[4] / "shared" / "carrier-specs"
LIST = SPECIFICATIONS / "status_mapping.csv"
needs_the_list = pytest.mark.skipif(
    not LIST.is_file(), reason=f"the carriers' code lists are not beside the repository, in {LIST.name}"
)

M = Milestone
Judged = tuple[Milestone | None, Milestone | None, Reason | None]
Judge = Callable[[str], Judged | None]


def _judged(meaning: Meaning | None) -> Judged | None:
    return None if meaning is None else (meaning.milestone, meaning.there, meaning.reason)


def _fedex(code: str) -> Judged | None:
    return _judged(fedex_codes.STATUSES.get(code) or fedex_codes.DELAYS.get(code))


def _ship24(code: str) -> Judged | None:
    return _judged(ship24_codes.MEANINGS.get(code.rpartition("=")[2]))


def _iata(code: str) -> Judged | None:
    return _judged(iata_codes.meaning_of(code))


def _upu(code: str) -> Judged | None:
    return _judged(upu_codes.meaning_of(code))


def _dcsa(code: str) -> Judged | None:
    meaning = dcsa_codes.MEANINGS.get(code)
    return None if meaning is None else (meaning.milestone, meaning.at_last_port, meaning.reason)


JUDGES: Mapping[str, Judge] = {"fedex": _fedex, "ship24": _ship24, "iata_fsu": _iata, "upu": _upu, "dcsa": _dcsa}
IN_ANOTHER_FILE = {"dhl_unified", "dhl_express", "dhl_dgf", "ups"}
NOT_READ = {
    "dcsa3": "its version 3.0 is not ready for general adoption",
    **dict.fromkeys(("17track", "aftership", "gls", "laposte"), "no reader of ours asks it"),
}

PAPERS = ("RECE", "DRFT", "PENA", "PENC", "APPR", "ISSU", "SURR", "SUBM", "VOID", "CONF", "REQS", "CMPL", "RELS")
OTHERWISE: Mapping[str, Mapping[str, Milestone | None]] = {
    # Papers move nothing, and the consignee on an air waybill is the hub.
    "iata_fsu": {
        **dict.fromkeys(("AWD", "AWR", "DOC", "DIS_FDAV", "DIS_FDAW")),
        **dict.fromkeys(("DLV", "DDL", "NFD"), M.IN_TRANSIT),
    },
    # From the inward office of exchange on it is in the country.
    "upu": dict.fromkeys(("EDB", "EDC", "EMF", "EDD", "EDE", "EMG"), M.ARRIVED_DESTINATION),
    # Papers move nothing; what happens to a container says more only at our own last port.
    "dcsa": {
        **dict.fromkeys(f"SHIPMENT/{code}" for code in PAPERS),
        **dict.fromkeys(("EQUIPMENT/DROP", "EQUIPMENT/STRP", "EQUIPMENT/AVPU"), M.IN_TRANSIT),
    },
}
"""Where we judge otherwise than the list that proposes a milestone for every code, by its code."""


def rows(carrier: str) -> list[tuple[str, Milestone | None]]:
    """Each code and the milestone proposed for it."""
    with LIST.open(encoding="utf-8", newline="") as lines:
        said = [row for row in csv.DictReader(lines) if row["carrier"] == carrier]
    words = [(row["carrier_code"], row["canonical_status"].partition(":")[0]) for row in said]
    return [(code, None if word == "unknown" else Milestone(word)) for code, word in words]


@needs_the_list
@pytest.mark.parametrize("carrier", JUDGES)
def test_every_code_of_the_list_is_mapped_or_deliberately_unmapped(carrier: str) -> None:
    codes = rows(carrier)
    assert codes
    assert [code for code, _ in codes if JUDGES[carrier](code) is None] == []


@needs_the_list
@pytest.mark.parametrize("carrier", JUDGES)
def test_where_our_milestone_is_not_the_proposed_one_it_is_said_so(carrier: str) -> None:
    said = dict(rows(carrier))
    ours = {code: judged[0] for code in said if (judged := JUDGES[carrier](code))}
    assert ours == {**said, **OTHERWISE.get(carrier, {})}


@needs_the_list
def test_every_vocabulary_of_the_list_is_checked_or_is_not_read_for_a_reason() -> None:
    with LIST.open(encoding="utf-8", newline="") as lines:
        listed = {row["carrier"] for row in csv.DictReader(lines)} - {"carrier"}
    assert listed == JUDGES.keys() | IN_ANOTHER_FILE | NOT_READ.keys()


@pytest.mark.skipif(not (SPECIFICATIONS / "iata").is_dir(), reason="IATA's code list is not beside the repository")
def test_every_code_of_iatas_own_list_is_mapped_or_deliberately_unmapped() -> None:
    with (SPECIFICATIONS / "iata" / "status-codes.csv").open(encoding="utf-8", newline="") as lines:
        codes = [row["code"] for row in csv.DictReader(lines)]
    assert codes
    assert [code for code in codes if iata_codes.meaning_of(code) is None] == []


def test_a_reason_stands_beside_an_exception_and_nowhere_else() -> None:
    tables = (fedex_codes.STATUSES, fedex_codes.DELAYS, ship24_codes.MEANINGS, iata_codes.MEANINGS, upu_codes.MEANINGS)
    for meaning in (meaning for table in tables for meaning in table.values()):
        assert meaning.reason is None or meaning.milestone is M.EXCEPTION


def test_no_code_off_an_air_waybill_delivers_a_box() -> None:
    said = {milestone for meaning in iata_codes.MEANINGS.values() for milestone in (meaning.milestone, meaning.there)}
    assert M.DELIVERED not in said


def test_every_carrier_that_is_asked_has_its_table_checked_here_or_has_tests_of_its_own() -> None:
    """A carrier added later brings `test_NAME_codes.py`, or another test of its own: nobody edits this file."""
    files = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    for name in (name for name, carrier in CARRIERS.items() if carrier.polled):
        assert name in JUDGES or any(name in file for file in files), f"{name} has no test of its codes"
