"""Settings and database of a command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipments.database import Database
    from shipments.settings import Settings


def settings() -> "Settings":
    """From the environment. Wrong ones end the command with 2 and say which, without their values."""
    from pydantic import ValidationError

    from shipments.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            name = "_".join(("SHIPMENTS", *map(str, fault["loc"]))).upper() if fault["loc"] else ""
            print(f"shipments: {name} {fault['msg']}".replace("  ", " "), file=sys.stderr)
        raise SystemExit(2) from None


@contextmanager
def database(chosen: "Settings") -> Iterator["Database"]:
    """Open for the block."""
    from shipments.database import Database

    opened = Database.at(chosen.database_url)
    try:
        yield opened
    finally:
        opened.close()
