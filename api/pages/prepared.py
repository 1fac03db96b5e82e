"""A statement made once and run on the driver itself.

For the card's page only: what SQLAlchemy adds to each run of a statement costs several times the query. Types in and
out are still SQLAlchemy's, so that both databases read alike.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Engine, Select

from shipments.errors import Unavailable


class Prepared:
    """A SELECT with its values by name, for one engine."""

    def __init__(self, engine: Engine, statement: Select[*tuple[Any, ...]]) -> None:
        compiled = statement.compile(dialect=engine.dialect)
        self._sql = str(compiled)
        self._order: Sequence[str] | None = compiled.positiontup
        given = {name: bind.type.dialect_impl(engine.dialect) for name, bind in compiled.binds.items()}
        self._in = {name: kind.bind_processor(engine.dialect) for name, kind in given.items()}
        self._values = {name: self._put(name, value) for name, value in compiled.params.items() if value is not None}
        found = (column.type.dialect_impl(engine.dialect) for column in statement.selected_columns)
        self._out = [kind.result_processor(engine.dialect, None) for kind in found]

    def rows(self, connection: Any, values: Mapping[str, object]) -> list[list[Any]]:  # Any: a driver's connection
        """Every row."""
        given = self._values | {name: self._put(name, value) for name, value in values.items()}
        with closing(connection.cursor()) as cursor:
            cursor.execute(self._sql, given if self._order is None else [given[name] for name in self._order])
            return [
                [out(value) if out else value for out, value in zip(self._out, row, strict=True)]
                for row in cursor.fetchall()
            ]

    def _put(self, name: str, value: object) -> object:
        convert = self._in[name]
        return convert(value) if convert else value


class Reader:
    """Runs prepared statements on a connection of the engine's pool. Raises Unavailable where the driver fails."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._errors = engine.dialect.loaded_dbapi.Error

    def read(self, look: Callable[[Any], Any]) -> Any:  # Any: a driver's connection, and what `look` makes of it
        """What `look` finds on a connection."""
        try:
            with closing(self._engine.raw_connection()) as connection:
                return look(connection)
        except self._errors as error:
            raise Unavailable("The database cannot be read just now. Try again shortly.") from error
