"""What the demo writes can be read: by people, by machines, with colours and without."""

import io

import pytest
import zxingcpp
from rich.console import Console

from api.demo.staff import POSTS, a_password
from api.demo.telling import Teller, qr_lines
from shipments.offices.passwords import good_password

ADDRESS = "HTTP://127.0.0.1:8000/C/0123456789ABCDEFGHJKMNPQRS"
UPPER = {"█": True, "▀": True, "▄": False, " ": False}
LOWER = {"█": True, "▀": False, "▄": True, " ": False}
SCALE = 4


@pytest.mark.parametrize("dark", [True, False])
def test_the_qr_in_the_terminal_can_be_scanned(dark: bool) -> None:
    rows = [[half[block] for block in line] for line in qr_lines(ADDRESS, dark=dark) for half in (UPPER, LOWER)]
    pixels = b"".join(
        bytes(0 if block == dark else 255 for block in row for _ in range(SCALE)) for row in rows for _ in range(SCALE)
    )
    image = memoryview(pixels).cast("B", shape=[len(rows) * SCALE, len(rows[0]) * SCALE])

    assert [found.text for found in zxingcpp.read_barcodes(image)] == [ADDRESS]


def test_plain_output_has_no_colour_and_loses_no_sign() -> None:
    written = io.StringIO()
    teller = Teller(Console(file=written, highlight=False))

    teller.step("Marit, counsellor", "opens a case [not markup]")
    teller.table(("e-mail", "key"), [("a@example.org", "k" * 300)])

    assert "\x1b" not in written.getvalue()
    assert "opens a case [not markup]" in written.getvalue()
    assert "k" * 300 in written.getvalue()


def test_everybodys_passwords_are_good_enough_and_differ() -> None:
    made = {good_password("password", a_password(post.email), post.email) for post in POSTS for _ in range(200)}

    assert len(made) == 200 * len(POSTS)
