"""The table of codes against DCSA's own lists and sample, where they are at hand."""

import csv
from pathlib import Path

import pytest

from shipments.tracking.carriers import dcsa
from shipments.tracking.carriers.dcsa_codes import DELIBERATELY_UNMAPPED, MEANINGS, MOVEMENTS, PAPERS_THAT_MATTER
from shipments.tracking.milestones import Milestone
from tests.tracking.carriers.telling import HEARD, a_leg

SPECIFICATION = Path(__file__).parents[4] / "shared" / "carrier-specs" / "dcsa"
LISTS = {
    "TRANSPORT": "transporteventtypecodes.csv",
    "EQUIPMENT": "equipmenteventtypecodes.csv",
    "SHIPMENT": "shipmenteventtypecodes.csv",
    "OPERATIONS": "operationseventtypecodes.csv",
    "IOT": "ioteventtypecodes.csv",
}
needs_the_specification = pytest.mark.skipif(
    not SPECIFICATION.is_dir(), reason=f"DCSA's code lists are not beside the repository, in {SPECIFICATION.name}/"
)


@needs_the_specification
@pytest.mark.parametrize("kind", LISTS)
def test_every_code_of_dcsas_own_lists_is_mapped_or_deliberately_unmapped(kind: str) -> None:
    with (SPECIFICATION / "reference-data" / LISTS[kind]).open(encoding="utf-8") as lines:
        codes = [f"{kind}/{row[0]}" for row in list(csv.reader(lines))[1:] if row]
    assert codes
    assert [code for code in codes if code not in MEANINGS] == []


@needs_the_specification
def test_dcsas_own_sample_reads_without_a_problem() -> None:
    sample = (SPECIFICATION / "samples" / "tnt-220-response.json").read_bytes()
    leg = a_leg(reference="ABC123123123", dispatched_at=None, to_place="FRPAR")
    answer = dcsa.read_answer(sample, leg, heard_at=HEARD)
    assert (len(answer.events), answer.ignored, answer.problems) == (5, 2, ())
    assert {event.milestone for event in answer.events} == {Milestone.ARRIVED_DESTINATION, None}


def test_a_code_stands_in_one_table_only() -> None:
    assert len(MEANINGS) == len(MOVEMENTS) + len(PAPERS_THAT_MATTER) + len(DELIBERATELY_UNMAPPED)


def test_what_is_deliberately_unmapped_has_a_word_and_no_milestone() -> None:
    assert all(meaning.event and meaning.milestone is None for meaning in DELIBERATELY_UNMAPPED.values())


def test_a_reason_stands_beside_an_exception_and_nowhere_else() -> None:
    for meaning in MEANINGS.values():
        assert (meaning.reason is not None) == (meaning.milestone is Milestone.EXCEPTION)
