"""`shipments`: the command line. Each command imports what it needs when it runs, so that help comes at once."""

import sys

import typer

from api.command import accounts, carriers, demo, journal, keeping, notices, people, running
from shipments.errors import Invalid, ShipmentsError

REFUSED, MISUSED = 1, 2

app = typer.Typer(
    name="shipments",
    help="Tools for returning migrants: from request to hand-over, box by box.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 refused or found wrong, 2 wrong words or settings.",
)
running.add_to(app)
keeping.add_to(app)
demo.add_to(app)
app.add_typer(carriers.app, name="carriers")
app.add_typer(journal.app, name="journal")
app.add_typer(keeping.progress, name="progress")
app.add_typer(people.people, name="people")
app.add_typer(people.offices, name="offices")
app.add_typer(people.keys, name="keys")
app.add_typer(accounts.accounts, name="accounts")
app.add_typer(notices.notices, name="notices")


def main() -> None:
    """The entry point: our errors become one line on standard error and an exit code."""
    try:
        app()
    except ShipmentsError as error:
        print(f"shipments: {error}", file=sys.stderr)
        raise SystemExit(MISUSED if isinstance(error, Invalid) else REFUSED) from error
