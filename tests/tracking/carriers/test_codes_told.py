"""What is kept and told as a carrier's code: a short word, never a name, a number or a sentence."""

from collections.abc import Callable, Iterable, Mapping

import pytest

from shipments.tracking.carriers import dcsa_codes, dhl_codes, fedex_codes, ship24_codes, ups_codes
from shipments.tracking.carriers.answers import Answer
from shipments.tracking.carriers.believing import A_SENTENCE, code_told
from shipments.tracking.milestones import Milestone
from tests.tracking.carriers.telling import read, said
from tests.tracking.carriers.telling_fedex import read_fedex, scan
from tests.tracking.carriers.telling_parcels import dhl_event, read_dhl, read_ups, ups_activity
from tests.tracking.carriers.telling_ship24 import event, read_ship24

SENTENCE = "LX000000017NL handed over to SMITH"
IN_PLACE_OF_A_CODE: Mapping[str, Callable[[str], Answer]] = {
    "dcsa": lambda code: read(said(f"TRANSPORT/{code}", "GNCKY")),
    "dhl": lambda code: read_dhl(dhl_event(code, code=None)),  # type: ignore[arg-type]
    "ups": lambda code: read_ups(ups_activity(f"{code}/-/-")),
    "fedex": lambda code: read_fedex(scan(code)),
    "ship24": lambda code: read_ship24(event(None, code=code)),
}


@pytest.mark.parametrize("carrier", IN_PLACE_OF_A_CODE)
@pytest.mark.parametrize(
    "code",
    [SENTENCE, "LX000000017NL", "7777000011", "x" * 31, "handed_over_to_neighbour_7777000011", "_".join(["x" * 9] * 7)],
)
def test_where_a_code_should_be_no_name_and_no_number_is_kept_or_told(carrier: str, code: str) -> None:
    answer = IN_PLACE_OF_A_CODE[carrier](code)
    (only,) = answer.events
    assert A_SENTENCE in only.raw_code
    assert only.milestone is None
    assert A_SENTENCE in str(answer.problems)
    for told in (only.raw_code, only.id, *answer.problems):
        assert code.lower() not in told.lower()
        assert "smith" not in told.lower()


@pytest.mark.parametrize("carrier", IN_PLACE_OF_A_CODE)
def test_a_code_that_nobody_mapped_is_named(carrier: str) -> None:
    answer = IN_PLACE_OF_A_CODE[carrier]("ZZ-9_q")
    assert "zz-9_q" in answer.events[0].raw_code.lower()
    assert f"{answer.events[0].raw_code} is unknown" in str(answer.problems)


def test_a_long_code_of_words_alone_is_kept_as_it_came() -> None:
    code = "delivery_delivered_to_pickup_point"
    (only,) = read_ship24(event("available_for_pickup", code=code)).events
    assert only.raw_code == code
    assert only.milestone is Milestone.AVAILABLE_FOR_PICKUP, "its state is known"


def test_every_code_of_every_table_is_one_that_may_be_told() -> None:
    tables: list[Iterable[str]] = [dhl_codes.STATUS_CODES, *dhl_codes.BUSINESSES.values(), ship24_codes.MEANINGS]
    tables += [fedex_codes.STATUSES, (code.rpartition("=")[2] for code in fedex_codes.DELAYS)]
    tables += [dcsa_codes.MEANINGS, ups_codes.ALL_TYPES, ups_codes.ALL_STATUS_CODES]
    assert all(code_told(part) == part for table in tables for code in table for part in code.split("/"))
