"""Labels are tested as a phone and a reader would meet them: rendered, decoded, and their text taken out."""

import pkgutil
import random
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from unicodedata import normalize

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from qrcode import constants, util
from qrcode.main import QRCode
from reportlab.pdfbase import pdfmetrics

import shipments.boxes
from shipments.boxes.labels import Handling, Label, Paper, draw_labels
from shipments.boxes.labels.label import HEAVY_G
from shipments.boxes.labels.layout import COLUMN, LEFT, QR_SIZE, QR_X, QR_Y, RIGHT
from shipments.boxes.labels.lettering import Face, fit, runs_of, width_of
from shipments.boxes.labels.paper import HEIGHT, WIDTH
from shipments.boxes.labels.qr import ALPHABET, LONGEST, MASK, matrix_of
from shipments.boxes.labels.texts import TEXTS
from shipments.errors import Invalid

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PIXELS = 5  # a millimetre, when pictures are measured


def a_label(number: int = 1, **what: object) -> Label:
    sign = random.Random(number)
    code = "".join(sign.choice(CROCKFORD) for _ in range(14))
    said = {
        "code": f"BX-{code[:4]}-{code[4:8]}-{code[8:13]}-{code[13]}",
        "url": f"HTTPS://BOXES.EXAMPLE/B/BX{code}",
        "country": "Nigeria",
        "office": "Lagos office",
        "index": number,
        "count": 9,
        "weight_g": 18_420,
        "return_contact": "+31 20 555 0100 returns@boxes.example",
        "language": "en",
    }
    return Label(**(said | what))  # type: ignore[arg-type]


def pages(pdf: bytes, scale: float = 2.0) -> list[Image.Image]:
    return [as_picture(page, scale) for page in pypdfium2.PdfDocument(pdf)]


def as_picture(page: pypdfium2.PdfPage, scale: float) -> Image.Image:
    picture: Image.Image = page.render(scale=scale).to_pil()
    return picture.convert("L")


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    taken = " ".join(page.get_textpage().get_text_range() for page in document)
    return " ".join(normalize("NFKC", taken).split())


def one_picture(label: Label) -> Image.Image:
    """A label as designed, 5 pixels to the millimetre, in grey."""
    page = pypdfium2.PdfDocument(draw_labels([label], paper=Paper.A4_FOUR))[0]
    spot = Paper.A4_FOUR.spots[0]
    whole = as_picture(page, PIXELS * 25.4 / 72)
    top = Paper.A4_FOUR.page[1] - spot.y - HEIGHT
    left, upper = round(spot.x * PIXELS), round(top * PIXELS)
    return whole.crop((left, upper, left + round(WIDTH * PIXELS), upper + round(HEIGHT * PIXELS)))


def ink(picture: Image.Image, left: float, bottom: float, right: float, top: float) -> Sequence[float] | None:
    """The inked box within a rectangle of a label, in millimetres from its lower left corner: l, b, r, t."""
    edges = (round(left * PIXELS), round((HEIGHT - top) * PIXELS))
    size = (round((right - left) * PIXELS), round((top - bottom) * PIXELS))
    box = picture.crop((*edges, edges[0] + size[0], edges[1] + size[1])).point([255] * 160 + [0] * 96).getbbox()
    if box is None:
        return None
    return (
        left + box[0] / PIXELS,
        top - box[3] / PIXELS,
        left + box[2] / PIXELS,
        top - box[1] / PIXELS,
    )


@pytest.mark.parametrize("paper", Paper)
def test_every_label_on_every_paper_reads_as_its_own_address(paper: Paper) -> None:
    labels = [a_label(number) for number in range(1, 6)]
    found = [[code.text for code in zxingcpp.read_barcodes(page)] for page in pages(draw_labels(labels, paper=paper))]
    on_each = len(paper.spots)
    expected = [[label.url for label in labels[i : i + on_each]] for i in range(0, 5, on_each)]
    assert [sorted(page) for page in found] == [sorted(page) for page in expected]


@pytest.mark.parametrize("count", range(1, 10))
def test_four_labels_go_on_a_page_in_order(count: int) -> None:
    pdf = draw_labels([a_label(number) for number in range(1, count + 1)], paper=Paper.A4_FOUR)
    assert len(pages(pdf, scale=0.2)) == -(-count // 4)
    numbers = [f"{number} of 9" for number in range(1, count + 1)]
    assert sorted(numbers, key=text_of(pdf).index) == numbers


@pytest.mark.parametrize(("start_at", "quarter"), [(1, (0, 0)), (2, (1, 0)), (3, (0, 1)), (4, (1, 1))])
def test_a_part_used_sheet_is_filled_from_its_next_place(start_at: int, quarter: tuple[int, int]) -> None:
    first, *rest = pages(draw_labels([a_label(1), a_label(2)], paper=Paper.A4_FOUR, start_at=start_at))
    assert len(rest) == (start_at == 4)
    codes = {code.text: code.position.top_left for code in zxingcpp.read_barcodes(first)}
    at = codes[a_label(1).url]
    assert (at.x // (first.width / 2), at.y // (first.height / 2)) == quarter


@pytest.mark.parametrize(("paper", "start_at"), [(Paper.A4_FOUR, 0), (Paper.A4_FOUR, 5), (Paper.A6, 2)])
def test_a_place_that_the_paper_lacks_is_refused(paper: Paper, start_at: int) -> None:
    with pytest.raises(Invalid, match="start_at: 1 to"):
        draw_labels([a_label()], paper=paper, start_at=start_at)


def test_no_labels_make_no_document() -> None:
    with pytest.raises(Invalid, match="at least one"):
        draw_labels([], paper=Paper.A6)


@pytest.mark.parametrize("url", ["", "https://boxes.example/b/bx1", "HTTPS://BOXES.EXAMPLE/É", "A" * (LONGEST + 1)])
def test_an_address_that_alphanumeric_mode_cannot_hold_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="url: 1 to 108"):
        draw_labels([a_label(url=url)], paper=Paper.A6)


@settings(max_examples=40)
@given(st.text(alphabet=ALPHABET, min_size=1, max_size=LONGEST))
def test_a_code_put_together_from_differences_is_the_encoders_own(text: str) -> None:
    whole = QRCode(error_correction=constants.ERROR_CORRECT_Q, mask_pattern=MASK)
    whole.add_data(util.QRData(text, mode=util.MODE_ALPHA_NUM))
    whole.make()
    rows = "".join("1" if dark else "0" for row in whole.modules for dark in (*row, False))
    assert matrix_of(text) == (whole.modules_count, int(rows, 2))


def test_the_code_is_level_q_and_alphanumeric() -> None:
    [code] = zxingcpp.read_barcodes(pages(draw_labels([a_label()], paper=Paper.A6))[0])
    assert code.ec_level == "Q"
    assert matrix_of(code.text).side == 29, "bytes would need version 4 for forty signs at level Q"


def test_the_code_is_seventy_millimetres_with_its_quiet_zone_and_nothing_lies_in_it() -> None:
    label = a_label(office="M" * 60, handling=tuple(Handling), return_contact="M" * 90)
    found = ink(one_picture(label), QR_X, QR_Y, QR_X + QR_SIZE, QR_Y + QR_SIZE)
    quiet = 4 * QR_SIZE / (29 + 8)
    inside = (QR_X + quiet, QR_Y + quiet, QR_X + QR_SIZE - quiet, QR_Y + QR_SIZE - quiet)
    assert found == pytest.approx(inside, abs=0.3)


@pytest.mark.parametrize("colour", ["white", "black"])
@pytest.mark.parametrize("centre", [(0.5, 0.5), (0.62, 0.45), (0.45, 0.62), (0.6, 0.6), (0.5, 0.42)])
def test_a_blot_over_a_tenth_of_the_code_does_not_hide_it(centre: tuple[float, float], colour: str) -> None:
    picture = one_picture(a_label())
    side = QR_SIZE * 29 / 37 * PIXELS
    left, top = (QR_X + QR_SIZE * 4 / 37) * PIXELS, (HEIGHT - QR_Y - QR_SIZE * 33 / 37) * PIXELS
    x, y, radius = left + centre[0] * side, top + centre[1] * side, side * (0.1 / 3.1416) ** 0.5
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [a_label().url]


def test_the_words_on_a_label_can_be_taken_out_again() -> None:
    label = a_label(3, handling=(Handling.FRAGILE, Handling.KEEP_DRY))
    text = text_of(draw_labels([label], paper=Paper.A6))
    expected = [
        label.code,
        "NIGERIA",
        "Lagos office",
        "3 of 9",
        "18.4 kg",
        "Fragile",
        "Keep dry",
        "Scan to confirm",
    ]
    assert [words for words in [*expected, "+31 20 555 0100"] if words not in text] == []
    assert "Heavy" not in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["3 sur 9", "18,4 kg", "Scannez pour confirmer"]),
        ("pt-BR", ["3 de 9", "18,4 kg", "Escaneie para confirmar"]),
        ("hy", ["3 / 9", "18,4 կգ", "հաստատելու"]),
        ("ar", ["صندوق", "من", "18.4", "للتأكيد"]),
        ("tlh", ["3 of 9", "Scan to confirm"]),
    ],
)
def test_a_label_speaks_the_offices_language(language: str, words: list[str]) -> None:
    text = text_of(draw_labels([a_label(3, language=language)], paper=Paper.A6))
    assert [word for word in words if word not in text] == []


def test_every_language_has_every_sign() -> None:
    assert [language for language, texts in TEXTS.items() if set(texts.signs) != set(Handling)] == []


def test_the_fonts_have_every_sign_that_the_fixed_words_need() -> None:
    words = {word for t in TEXTS.values() for word in (t.box, t.weight, t.scan, t.contact, *t.signs.values())}
    assert {sign for word in words for run in runs_of(word, Face.BOLD) for sign in run.text if not known(sign)} == set()


def known(sign: str) -> bool:
    return ord(sign) in pdfmetrics.getFont(Face.BOLD.value).face.charToGlyph


def test_an_unknown_weight_leaves_a_line_to_write_on() -> None:
    assert "____ kg" in text_of(draw_labels([a_label(weight_g=None)], paper=Paper.A6))


@pytest.mark.parametrize(("weight_g", "heavy"), [(HEAVY_G, False), (HEAVY_G + 1, True), (None, False)])
def test_weight_alone_makes_a_box_heavy(weight_g: int | None, heavy: bool) -> None:
    assert (Handling.HEAVY in a_label(weight_g=weight_g).signs) is heavy


def test_signs_come_once_each_in_one_order() -> None:
    given_signs = (Handling.HEAVY, Handling.KEEP_DRY, Handling.FRAGILE, Handling.HEAVY)
    assert a_label(handling=given_signs).signs == (Handling.FRAGILE, Handling.KEEP_DRY, Handling.HEAVY)


def test_arabic_letters_are_joined_and_run_from_right_to_left() -> None:
    [run] = runs_of("مكتب", Face.BOLD, rtl=True)
    assert run.text == "\ufe90\ufe98\ufedc\ufee3", "final beh leftmost, initial meem rightmost"


def test_a_non_joiner_keeps_persian_letters_apart() -> None:
    apart = [run.text for run in runs_of("می\u200cخواهم", Face.BOLD, rtl=True) if run.text]  # noqa: RUF001
    assert len(apart) == 2
    assert apart[1].startswith("\ufbfd"), "the yeh before it has its final form"


def test_joined_arabic_is_one_unbroken_stroke_on_paper() -> None:
    picture = one_picture(a_label(office="سيسيسيس", language="ar"))
    left, bottom, right, top = ink(picture, COLUMN, 62, RIGHT, 77) or pytest.fail("no office")
    gaps = [
        x for x in range(round(left * 5), round(right * 5)) if ink(picture, x / 5, bottom, (x + 1) / 5, top) is None
    ]
    assert gaps == []
    assert right == pytest.approx(RIGHT, abs=1), "it begins at the right"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("هاتف: +212 5 28 55", "+212 5 28 55 :"),
        ("(ب) 3", "3 ("),
        ("ب (12-14)", "(12-14) "),
        ("Port (2)", "Port (2)"),
    ],
)
def test_numbers_and_brackets_keep_their_sense_from_right_to_left(text: str, seen: str) -> None:
    line = "".join(run.text for run in runs_of(text, Face.BOLD, rtl=True))
    assert line.startswith(seen)


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize(
    "long",
    [
        "Direction régionale de la réintégration " * 9,
        "W" * 400,
        "مكتب الدار البيضاء " * 20,
        "a\x00b\u202ec\nd",
        "日本 ትግርኛ",
    ],
)
def test_whatever_is_written_stays_inside_its_field(language: str, long: str) -> None:
    label = a_label(
        language=language,
        office=long,
        country=long,
        return_contact=long,
        index=99_999,
        count=100_000,
        weight_g=999_999_999,
        handling=tuple(Handling),
    )
    picture = one_picture(label)
    left, bottom, right, top = ink(picture, 1, 1, WIDTH - 1, HEIGHT - 1) or pytest.fail("blank")
    assert LEFT - 0.5 <= left < right <= RIGHT + 0.5
    assert 3 <= bottom < top <= 92
    for gap in (
        (QR_X + QR_SIZE, QR_Y, COLUMN - 0.5, 92),
        (COLUMN, 59.2, RIGHT, 60.2),
        (LEFT, 26.3, RIGHT, 27.8),
    ):
        assert ink(picture, *gap) is None, f"something spills into {gap}"
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [label.url]


@settings(max_examples=40)
@given(st.text(max_size=60), st.floats(1, 60), st.floats(0, 30))
def test_fitted_text_is_never_wider_or_higher_than_its_field(text: str, width: float, height: float) -> None:
    block = fit(text, Face.REGULAR, width=width, height=height, size=8, smallest=2)
    assert max(width_of(line, Face.REGULAR) * block.size for line in block.lines) <= max(width, 2.5)
    assert len(block.lines) == 1 or block.height <= height


def test_the_same_labels_give_the_same_bytes_on_many_threads_at_once() -> None:
    labels = [a_label(number, language=language) for number, language in enumerate(TEXTS, 1)]
    alone = draw_labels(labels, paper=Paper.A4_FOUR)
    with ThreadPoolExecutor(4) as threads:
        drawn = threads.map(lambda _: draw_labels(labels, paper=Paper.A4_FOUR), range(8))
    assert set(drawn) == {alone}


def test_only_who_draws_labels_pays_for_drawing() -> None:
    chapter = [f"shipments.boxes.{part.name}" for part in pkgutil.iter_modules(shipments.boxes.__path__)]
    drawing = {"shipments.boxes.labels", "shipments.boxes.labelling"}
    others = [*(name for name in chapter if name not in drawing), "api.app"]
    asked = f"""
import sys, {", ".join(others)}
print(*sorted({{"reportlab", "uharfbuzz", "bidi", "qrcode"}} & sys.modules.keys()))
import shipments.boxes.labels
from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames
print(*getRegisteredFontNames())
"""
    assert len(others) == len(chapter) - 1 > 0
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True).stdout
    assert answer == "\n\n", "no drawing library without the labels, and no font before the first label"
