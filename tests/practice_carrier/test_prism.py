"""The practice carrier against DCSA's own specification: nothing it says may carry a violation.

Prism stands between as a proxy and marks every answer that the specification does not allow.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api.practice_carrier import Practice, practice_carrier
from api.practice_carrier.voyages import VOYAGES

ROOT = Path(__file__).parents[2]
SPECIFICATION = ROOT.parent / "shared" / "carrier-specs" / "dcsa" / "TNT_v2.2.0-resolved.yaml"
PRISM = ROOT / "node_modules" / ".bin" / "prism"
START = datetime(2026, 3, 1, tzinfo=UTC)
READY_S = 40

pytestmark = [
    pytest.mark.skipif(not SPECIFICATION.is_file(), reason="DCSA's specification is not beside the repository"),
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed: prism cannot run"),
    pytest.mark.skipif(not PRISM.exists(), reason="prism is not installed: npm ci --ignore-scripts"),
]


@contextmanager
def _prism(upstream: str) -> Iterator[str]:
    """Prism itself, started without npx, which would leave it running."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [str(PRISM), "proxy", str(SPECIFICATION), upstream, "-h", "127.0.0.1", "-p", port]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(int(port), process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(READY_S * 10):
        assert process.poll() is None, "prism ended by itself"
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"prism did not listen within {READY_S} seconds")


@pytest.fixture(scope="module")
def proxied() -> Iterator[tuple[httpx.Client, Practice]]:
    """A client that reaches the practice carrier through prism, and the carrier's state."""
    with (
        practice_carrier(api_key="practice") as carrier,
        _prism(carrier.url) as url,
        httpx.Client(base_url=url, headers={"API-Key": "practice"}, trust_env=False, timeout=20) as client,
    ):
        yield client, carrier.practice


def test_no_answer_of_any_voyage_on_any_day_violates_the_specification(
    proxied: tuple[httpx.Client, Practice],
) -> None:
    client, practice = proxied
    for voyage in VOYAGES:
        practice.book(f"PRB{voyage}", "NLRTM", "GNCKY", voyage=voyage, started_at=START)
        for day in (-1, 0.3, 4, 12, 21, 40):
            practice.clock.set(START + timedelta(days=day), 86_400)
            answer = client.get("/v2/events", params={"carrierBookingReference": f"PRB{voyage}"})
            assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None), voyage


def test_no_page_and_no_news_since_a_time_violates_the_specification(proxied: tuple[httpx.Client, Practice]) -> None:
    client, practice = proxied
    practice.clock.set(START + timedelta(days=40), 86_400)
    shipment = practice.book("PRBpages", "NLRTM", "BRSSZ", started_at=START)
    pages = 0
    query = {"equipmentReference": shipment.container, "limit": "4", "eventCreatedDateTime:gte": "2026-03-05T00:00:00Z"}
    while True:
        answer = client.get("/v2/events", params=query)
        assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None)
        pages += 1
        if "Next-Page" not in answer.headers:
            break
        query["cursor"] = answer.headers["Next-Page"]
    assert pages > 2


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("unauthorised", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("over_quota", 429),
        ("broken", 500),
        ("busy", 503),
    ],
)
def test_no_refusal_violates_the_specification(proxied: tuple[httpx.Client, Practice], fault: str, status: int) -> None:
    client, practice = proxied
    practice.book("PRBrefused", "NLRTM", "GNCKY", started_at=START)
    practice.fault(fault, times=1, retry_after="5")
    answer = client.get("/v2/events", params={"carrierBookingReference": "PRBrefused"})
    assert (answer.status_code, answer.headers.get("sl-violations")) == (status, None)


def test_prism_does_see_a_violation(proxied: tuple[httpx.Client, Practice]) -> None:
    client, practice = proxied
    practice.clock.set(START + timedelta(days=40), 86_400)
    practice.book("PRBwrong", "NLRTM", "GNCKY", started_at=START)
    practice.fault("wrong_types", times=1)
    answer = client.get("/v2/events", params={"carrierBookingReference": "PRBwrong"})
    assert "sl-violations" in answer.headers
