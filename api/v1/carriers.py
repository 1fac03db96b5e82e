"""What the carriers were asked, what was put off, and what the next day would cost."""

from datetime import date

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from api.access import open_to
from api.edge import Edge
from shipments.tracking.accounts.seeing import SEES_LEDGER
from shipments.tracking.accounts.terms import AccountName
from shipments.tracking.calls.accounting import Ledger, ledger


@get("/carriers/ledger", sync_to_thread=True, opt=open_to(SEES_LEDGER))
def read_ledger(
    edge: NamedDependency[Edge],
    account: FromQuery[AccountName | None] = None,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
) -> Ledger:
    """Where the calls of each account in sight went, what was put off and why, and what tomorrow would cost.

    Days are those of the account: they begin when its carrier's do. At most 92, the last seven if none are named.
    """
    return edge.read(
        lambda session: ledger(session, account=account, since=since, until=until, now=edge.now),
    )


HANDLERS = [read_ledger]
