"""Workers share budgets by the clock: one whose clock is wrong would come between the calls of the others."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from shipments.clock import utc_now
from shipments.database import Database

MOST_WRONG = timedelta(seconds=1)
log = logging.getLogger(__name__)


def clock_fits(database: Database, clock: Callable[[], datetime]) -> bool:
    """Whether it is within MOST_WRONG of the database's; says so in the log where not. Raises SQLAlchemyError.

    Always True on SQLite, where all share one machine's clock, and for a clock that is not the machine's.
    """
    if database.local or clock is not utc_now:
        return True
    with database.engine.connect() as connection:
        before = clock()
        theirs: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        after = clock()
    wrong = max(before - theirs, theirs - after)
    if wrong > MOST_WRONG:
        ahead = "ahead of" if before > theirs else "behind"
        log.error(
            "no carrier is called: this machine's clock is %.1f s %s the database's; set it (NTP)",
            wrong.total_seconds(),
            ahead,
        )
    return wrong <= MOST_WRONG
