"""`shipments carriers read`: whatever the file, JSON lines or one line on standard error, never a stack trace."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.command import app
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.fetching import MOST_BYTES
from tests.tracking.carriers.telling import said
from tests.tracking.carriers.telling_fedex import NUMBER, a_fedex_answer, failed, said_of, scan, shipment
from tests.tracking.carriers.telling_fedex import whole as numbers_whole
from tests.tracking.carriers.telling_parcels import a_dhl_answer, a_ups_answer
from tests.tracking.carriers.telling_ship24 import event, tracking, whole

POLLED = [name for name, carrier in CARRIERS.items() if carrier.polled]
GOOD = {
    "dcsa": json.dumps([said("TRANSPORT/ARRI", "GNCKY"), {"eventType": 7}]).encode(),
    "dhl": json.dumps(a_dhl_answer()).encode(),
    "ups": json.dumps(a_ups_answer()).encode(),
    "fedex": a_fedex_answer(),
    "ship24": whole(tracking(event("in_transit"))),
}
OF_AN_EVENT = (
    *("occurred_at", "occurred_as_written", "tz_known", "milestone", "event", "reason"),
    *("raw_code", "raw_text", "place", "unlocode", "classifier", "id"),
)
ODD = {
    "empty": b"",
    "binary": bytes(range(256)) * 50,
    "another format": b"<html><body>Too many requests</body></html>",
    "cut off": b'[{"eventID": "1", "eventType": "TRANS',
    "a number": b"7",
    "nothing": b"null",
    "deep": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "lone surrogate": b'["\\ud800"]',
    "another encoding": '{"a": "é"}'.encode("utf-16"),
}


def read(name: str, file: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["carriers", "read", name, str(file), *more])


def is_one_line_and_2(done: Result) -> None:
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("shipments: ")


@pytest.mark.parametrize("name", GOOD)
def test_an_answer_is_a_line_for_each_event_and_one_for_the_whole(tmp_path: Path, name: str) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(GOOD[name])
    done = read(name, file, "--dispatched", "2026-03-01", "--leg", '{"to_place": "GNCKY"}')
    *events, answer = map(json.loads, done.stdout.splitlines())
    assert (done.exit_code, done.stderr) == (0, "")
    assert events
    assert all(tuple(one) == OF_AN_EVENT for one in events)
    assert tuple(answer) == ("found", "expected", "problems", "next_page")
    assert answer["found"] is True  # what is not said of the leg, such as its number, is not checked
    assert tuple(answer["expected"]) == ("from", "to")


def test_of_a_file_with_a_number_that_the_carrier_failed_for_the_others_are_shown_and_it_is_named(
    tmp_path: Path,
) -> None:
    file = tmp_path / "answer.json"
    down = failed("700000000024", "SYSTEM.UNAVAILABLE.EXCEPTION")
    file.write_bytes(numbers_whole(said_of(NUMBER, shipment(scan("IT"))), down))
    done = read("fedex", file)
    event, answer = map(json.loads, done.stdout.splitlines())
    assert (done.exit_code, event["event"]) == (0, "moving")
    assert answer["problems"] == ["FedEx says SYSTEM.UNAVAILABLE.EXCEPTION of this number"]
    file.write_bytes(numbers_whole(down))
    (answer,) = map(json.loads, read("fedex", file).stdout.splitlines())
    assert answer["found"] is False
    assert "SYSTEM.UNAVAILABLE.EXCEPTION" in answer["problems"][0]


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", POLLED)
def test_a_file_that_is_no_answer_is_one_line_and_2(tmp_path: Path, name: str, kind: str) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(ODD[kind])
    is_one_line_and_2(read(name, file))


@pytest.mark.parametrize("name", POLLED)
def test_a_folder_and_a_file_that_is_not_there_are_one_line_and_2(tmp_path: Path, name: str) -> None:
    is_one_line_and_2(read(name, tmp_path))
    is_one_line_and_2(read(name, tmp_path / "missing.json"))


def test_a_file_larger_than_any_answer_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "image"
    with file.open("wb") as opened:
        opened.truncate(MOST_BYTES + 1)
    done = read("dcsa", file)
    is_one_line_and_2(done)
    assert "larger than" in done.stderr


@pytest.mark.parametrize(
    "more",
    [
        ["--leg", "[]"],
        ["--leg", "{"],
        ["--leg", '{"color": "blue"}'],
        ["--leg", '{"is_last": "perhaps"}'],
        ["--leg", '{"reference":"\udcff"}'],
        ["--dispatched", "soon"],
    ],
)
def test_a_leg_that_cannot_be_read_is_one_line_and_2(tmp_path: Path, more: list[str]) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(GOOD["dcsa"])
    is_one_line_and_2(read("dcsa", file, *more))


def test_a_carrier_that_nobody_knows_is_answered_with_those_there_are(tmp_path: Path) -> None:
    done = read("pigeon", tmp_path)
    is_one_line_and_2(done)
    assert all(name in done.stderr for name in CARRIERS)


def test_a_place_in_any_script_is_written_as_utf_8_whatever_the_terminal_speaks(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    events = [said("EQUIPMENT/LOAD"), said("EQUIPMENT/DISC", eventLocation={"locationName": "كوناكري"})]
    file.write_bytes(json.dumps(events).encode())
    done = subprocess.run(
        [sys.executable, "-c", "from api.command import main; main()", "carriers", "read", "dcsa", str(file)],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line).get("place") for line in done.stdout.decode().splitlines()] == [None, "كوناكري", None]
