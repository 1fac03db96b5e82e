"""All that a database holds, to tell whether anything was stored."""

from shipments.database import Database
from shipments.tables import METADATA

BOOKKEEPING = frozenset({"journal", "journal_head"})
"""Refusals are journalled on purpose; `World.journal` looks at them."""


def dump(database: Database, *, but: frozenset[str] = BOOKKEEPING) -> dict[str, list[str]]:
    """Table → its rows as text, sorted."""
    with database.reading() as session:
        connection = session.connection()
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(table.select()))
            for table in METADATA.sorted_tables
            if table.name not in but
        }
