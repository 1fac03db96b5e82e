"""How Alembic reaches the database: a connection handed in by `shipments.migrating`, else `-x database=URL`,
else the installation's settings. Never prints a URL, which may hold a password.
"""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import String
from sqlalchemy.engine import Connection
from sqlmodel.sql.sqltypes import AutoString

from shipments.database import Database, UtcDateTime, Word
from shipments.migrating import migration_connection
from shipments.settings import Settings
from shipments.tables import METADATA


def plain_type(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Our column types as SQLAlchemy's own, so that an old migration never changes with our code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Word | AutoString):
        text = item.impl_instance
        if isinstance(text, String) and text.length:
            return f"sa.String(length={text.length})"
        return "sa.String()"
    return False


def run(connection: Connection) -> None:
    """Runs what was asked for, in the transaction that `connection` is in."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        render_item=plain_type,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_alone() -> None:
    """Called by the `alembic` command: opens the database itself."""
    url = context.get_x_argument(as_dictionary=True).get("database")
    database = Database.at(str(url) if url else Settings().database_url)
    try:
        with migration_connection(database) as connection:
            run(connection)
    finally:
        database.close()


if context.is_offline_mode():
    raise SystemExit("Migrations read the database they change: run them on a connection, without --sql.")
given = context.config.attributes.get("connection")
if given is None:
    run_alone()
else:
    run(given)
