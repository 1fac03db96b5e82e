"""`shipments demo` as a newcomer starts it: the story to its end, a programme that answers, a clean stop."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

COMMAND = Path(sys.executable).with_name("shipments")
VOYAGE_S = 12
PATIENCE_S = 400  # a busy machine is no failure
ENDED = "Ctrl-C stops everything"


class Run(msgspec.Struct, frozen=True):
    """A demo whose story has ended. `early`: access.json as it was when the story began."""

    process: subprocess.Popen[str]
    folder: Path
    said: str
    early: dict[str, Any]
    access: dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    place = tmp_path_factory.mktemp("whole")
    output = place / "output"
    with output.open("w") as written:
        process = subprocess.Popen(
            [COMMAND, "demo", "--port", "0", "--voyage-seconds", str(VOYAGE_S)],
            cwd=place,
            stdout=written,
            stderr=subprocess.STDOUT,
            text=True,
        )
    path = place / ".demo" / "access.json"
    try:
        _wait(process, output, path.exists)
        early = json.loads(path.read_text("utf-8"))
        assert httpx.get(f"{early['base_url']}/health/ready", trust_env=False).status_code == 200
        _wait(process, output, lambda: ENDED in output.read_text("utf-8"))
        access = json.loads(path.read_text("utf-8"))
        yield Run(process, place / ".demo", output.read_text("utf-8"), early, access)
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[str], output: Path, happened: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while not happened():
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"the demo ended with {process.poll()} or took too long:\n{output.read_text('utf-8')}")
        time.sleep(0.1)


def test_the_story_goes_from_request_to_hand_over(run: Run) -> None:
    steps = ["logs request", "seals it", "may not", "dispatches", "the ship has sailed", "arrived", "scans", "hands"]
    places = [run.said.find(step) for step in steps]

    assert places == sorted(places)
    assert -1 not in places
    assert "no faults" in run.said


def test_access_names_what_the_story_made_once_it_has_ended(run: Run) -> None:
    assert len(run.access["boxes"]) == len(run.early["boxes"]) + 1
    assert len(run.access["batches"]) == len(run.early["batches"]) + 1
    assert len(run.access["cards"]) == len(run.early["cards"]) + 1
    assert set(run.access) == {"base_url", "people", "boxes", "batches", "cards", "practice_carrier_url", "env"}


def test_every_key_opens_the_api(run: Run) -> None:
    with httpx.Client(base_url=run.access["base_url"], trust_env=False) as client:
        for person in run.access["people"]:
            assert set(person) == {"email", "password", "roles", "office", "api_key"}
            answer = client.get("/api/v1/boxes", headers={"Authorization": f"Bearer {person['api_key']}"})
            assert answer.status_code == (403 if person["roles"] == ["auditor"] else 200), person["roles"]


def test_the_box_of_the_story_is_handed_over(run: Run) -> None:
    coordinator = next(one for one in run.access["people"] if one["roles"] == ["coordinator"])
    headers = {"Authorization": f"Bearer {coordinator['api_key']}"}

    answer = httpx.get(
        f"{run.access['base_url']}/api/v1/boxes/{run.access['boxes'][-1]}", headers=headers, trust_env=False
    )

    assert answer.json()["progress"]["stage"] == "handed_over"


def test_the_labels_are_a_pdf(run: Run) -> None:
    labels = run.folder / f"labels-{run.access['batches'][-1]}.pdf"

    assert labels.read_bytes().startswith(b"%PDF-")


def test_cards_open_for_whoever_holds_them(run: Run) -> None:
    for card in run.access["cards"]:
        assert httpx.get(card["url"], trust_env=False).status_code == 200


def test_four_carriers_and_more_are_asked_and_none_over_its_limit(run: Run) -> None:
    heard = calls(run)

    assert {call["interface"] for call in heard["calls"]} == {"dcsa", "dhl", "ups", "fedex", "ship24"}
    assert heard["over_limit"] == 0
    assert {call["status"] for call in heard["calls"]} <= {200, 201, 204}


def test_the_line_tells_of_the_story_by_itself(run: Run) -> None:
    messages = re.search(r"sent (\d+) signed messages by itself: (\d+) of its", run.said)

    assert messages is not None
    assert all(int(count) > 0 for count in messages.groups())
    (dcsa,) = (one for one in ledger(run)["where_calls_went"] if one["carrier"] == "dcsa")
    assert dcsa["pushes"]["heard"] >= int(messages[1])
    assert (dcsa["pushes"]["unreadable"], dcsa["pushes"]["parked"]) == (0, 0)


def test_the_closing_words_name_the_page_that_shows_the_ledger(run: Run) -> None:
    assert f"{run.access['base_url']}/carriers" in run.said


def calls(run: Run) -> Any:
    """As the practice carrier has counted them."""
    return httpx.get(f"{run.access['practice_carrier_url']}/practice/calls", trust_env=False).json()


def ledger(run: Run) -> Any:
    """From the first call of the past on."""
    since = (datetime.now(UTC) - timedelta(days=91)).date().isoformat()
    return json.loads(command(run, "carriers", "ledger", "--json", "--since", since).stdout)


def command(run: Run, *words: str) -> subprocess.CompletedProcess[str]:
    """One of `shipments`, on the demo."""
    environment = {**os.environ, **run.access["env"]}
    return subprocess.run([COMMAND, *words], env=environment, cwd=run.folder, capture_output=True, text=True)


def test_the_practice_carrier_answers(run: Run) -> None:
    assert httpx.get(f"{run.access['practice_carrier_url']}/practice/shipments", trust_env=False).status_code == 200


@pytest.mark.parametrize("words", [["journal", "verify"], ["progress", "rebuild"]])
def test_commands_act_on_the_demo_with_its_settings(run: Run, words: list[str]) -> None:
    done = command(run, *words)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_ledger_has_every_call_that_the_carrier_counted(run: Run) -> None:
    for name in ("dcsa", "dhl", "ups", "fedex", "ship24"):
        assert command(run, "accounts", "stop", name, "--reason", "To count.").returncode == 0
    last = -1
    while (heard := calls(run))["total"] != last:  # what was under way is still answered
        last = heard["total"]
        time.sleep(1)

    shown = ledger(run)["where_calls_went"]

    assert {one["carrier"]: one["made"] for one in shown} == Counter(call["interface"] for call in heard["calls"])
    assert [one["never_ended"] for one in shown] == [0] * len(shown)
    assert calls(run)["total"] == last


def test_it_stops_cleanly(run: Run) -> None:
    run.process.send_signal(signal.SIGTERM)

    assert run.process.wait(20) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(run.access["base_url"], trust_env=False)
