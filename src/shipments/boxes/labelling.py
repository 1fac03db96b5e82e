"""From boxes to their labels: where each goes, its place among those that travel with it, and its QR."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from babel import Locale
from sqlmodel import Session, col, select

from shipments import codes
from shipments.boxes.box import Box
from shipments.boxes.labels import Handling, Label, Paper, draw_labels
from shipments.errors import Invalid
from shipments.offices.office import Office

SIGNS = (Handling.THIS_WAY_UP, Handling.KEEP_DRY)


def labels_pdf(session: Session, boxes: Sequence[Box], *, base_url: str, paper: str, start_at: int) -> bytes:
    """A PDF with a label for each box, in order. Raises Invalid for no boxes or a place the paper lacks."""
    if not boxes:
        raise Invalid([("batch", "one with boxes in it: add boxes first")])
    labels = [label_of(session, box, base_url) for box in boxes]
    return draw_labels(labels, paper=Paper(paper), start_at=start_at)


def label_of(session: Session, box: Box, base_url: str) -> Label:
    """What stands on a box: where it goes, and nothing of whose it is or what is in it."""
    origin = session.get_one(Office, box.origin_office_id)
    host = session.get_one(Office, box.host_office_id)
    language = origin.languages[0]
    index, count = _place(session, box)
    return Label(
        code=box.code,
        url=box_url(base_url, box.code),
        country=country_on_label(origin.country, language),
        office=origin.name,
        index=index,
        count=count,
        return_contact=f"{host.public_address}, {host.country} · {host.public_phone}",
        language=language,
        weight_g=box.gross_weight_g,
        handling=SIGNS,
    )


def box_url(base_url: str, code: str) -> str:
    """In upper case, so that the QR stays in its smallest mode; the routes ignore case."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/B/{codes.compact(code)}".upper()


def country_on_label(country: str, language: str) -> str:
    """For those it passes through as well: also in English, where the office's own word differs."""
    here, everywhere = country_name(country, language), country_name(country, "en")
    return here if here == everywhere else f"{here} · {everywhere}"


def country_name(country: str, language: str) -> str:
    """In `language`, e.g. Guinée."""
    return str(Locale.parse(language, sep="-").territories.get(country, country))


def _place(session: Session, box: Box) -> tuple[int, int]:
    if box.batch_id is None:
        return 1, 1
    together = session.exec(select(Box.id).where(Box.batch_id == box.batch_id).order_by(col(Box.batch_position))).all()
    return together.index(box.id) + 1, len(together)
