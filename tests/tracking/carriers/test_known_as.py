"""What people call carriers."""

from shipments.tracking.carriers import CARRIERS, known_as


def test_every_carrier_has_a_name_of_its_own_for_people_beside_the_one_for_programs() -> None:
    names = {name: known_as(name) for name in CARRIERS}
    assert len(set(names.values())) == len(CARRIERS)
    assert [name for name, said in names.items() if said == name or not said[:1].isupper()] == []


def test_a_carrier_that_is_gone_keeps_the_name_that_is_left_of_it() -> None:
    assert known_as("sunk") == "sunk"
