"""Pages for people: made on the server, working without script."""

from litestar import Router
from litestar.di import Provide

from api.pages import board, card, ledger, reading_journal, signing, stranger, things
from api.pages.forms import provide_fields
from api.pages.trouble import HANDLERS

pages = Router(
    path="/",
    route_handlers=[
        *signing.HANDLERS,
        *board.HANDLERS,
        *things.HANDLERS,
        *reading_journal.HANDLERS,
        *ledger.HANDLERS,
        *card.HANDLERS,
        *stranger.HANDLERS,
    ],
    dependencies={"fields": Provide(provide_fields)},
    exception_handlers=dict(HANDLERS),
    include_in_schema=False,
)
