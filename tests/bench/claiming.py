"""A claim of a hundred due legs among a million, beside the same among ten thousand."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from shipments import codes
from shipments.batches.batch import Batch, Dispatch, Mode
from shipments.clock import utc_now
from shipments.database import Database
from shipments.migrating import migrate
from shipments.offices.scope import EVERYWHERE
from shipments.progress.gathering import in_portions
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.polling.claiming import claim_due
from shipments.tracking.polling.filling import Lease
from shipments.transaction import perform, transaction
from tests.bench.engines import Make
from tests.bench.rows import Row, compared
from tests.bench.sending import put
from tests.builders import an_office

FEW, MANY = 10_000, 1_000_000
A_CLAIM, CLAIMS, A_BATCH = 100, 8, 100
LEASE = Lease(A_CLAIM, timedelta(minutes=2))
AS_MANY_AS_IT_LIKES = 1_000_000.0


def rows(folder: Path, ring: KeyRing, postgres: Make) -> Iterator[Row]:
    """Milliseconds a claim, with its commit."""
    for engine, make in (("SQLite", _files(folder)), ("PostgreSQL", postgres)):
        with ExitStack() as ends:
            few, many = (_filled(ends, make(), ring, legs) for legs in (FEW, MANY))
            yield compared(
                f"claim 100 due legs of 1,000,000, beside 10,000, {engine}", many, few, unit="ms", target=1.3, rounds=5
            )


def _files(folder: Path) -> Make:
    numbers = iter(range(10))
    return lambda: f"sqlite:///{folder / f'claims-{next(numbers)}.sqlite3'}"


def _filled(ends: ExitStack, url: str, ring: KeyRing, legs: int) -> Callable[[], float]:
    database = Database.at(url)
    ends.callback(database.close)
    migrate(database)
    with transaction(database, EVERYWHERE, now=utc_now()) as session:
        account = _account(session, ring)
        _batches(session, legs)
        _legs(session, account, legs)
    if not database.local:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE leg")), connection.execute(text("VACUUM ANALYZE leg_watch"))
    return lambda: _claimed(database, ring, account)


def _claimed(database: Database, ring: KeyRing, account: UUID) -> float:
    began = time.perf_counter()
    for _ in range(CLAIMS):
        now = utc_now()
        claims = perform(database, EVERYWHERE, lambda s: claim_due(s, ring, account, LEASE, now=now), now=now)  # noqa: B023
        assert len(claims) == A_CLAIM
    return (time.perf_counter() - began) / CLAIMS * 1_000


def _account(session: Session, ring: KeyRing) -> UUID:
    account = CarrierAccount(name="dcsa", carrier="dcsa", base_url="https://carrier.example", secret_sealed=b"")
    account.per_second = AS_MANY_AS_IT_LIKES
    account.secret_sealed = ring.seal_answer(b"key", f"carrier_account:{account.id}")
    session.add(account)
    session.flush()
    return account.id


def _batches(session: Session, legs: int) -> None:
    now = utc_now() - timedelta(days=3)
    between = {"host_office_id": an_office(session, "NL-UTR").id, "origin_office_id": an_office(session, "GN-CKY").id}
    for numbers in in_portions(range(legs // A_BATCH), 2_000):
        ids = [UUID(int=number) for number in numbers]
        planned = {"mode": Mode.SEA, "planned_at": now, "dispatched_at": now}
        put(session, Batch, [{"id": id, "code": codes.mint(codes.Kind.BATCH), **between, **planned} for id in ids])
        put(session, Dispatch, [{"batch_id": id, "at": now, "heard_at": now} for id in ids])


def _legs(session: Session, account: UUID, legs: int) -> None:
    """Half of them due, the longest for a day."""
    local = session.get_bind().dialect.name == "sqlite"
    statements = _SQLITE if local else _POSTGRES
    values = {"legs": legs, "account": account.hex, "now": utc_now().strftime("%Y-%m-%d %H:%M:%S.%f")}
    for statement in statements:
        session.execute(text(statement), values)


_LEG = """INSERT INTO leg (id, batch_id, position, mode, carrier, reference_type, reference, bare_reference,
                           from_place, to_place, added_at) """
_WATCH = "INSERT INTO leg_watch (leg_id, account_id, urgency, due_at, fence, failures, leg_calls) "
_SQLITE = (
    f"""{_LEG} WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < :legs - 1)
    SELECT lower(hex(randomblob(16))), printf('%032x', n / 100), n % 100 + 1, 'sea', 'dcsa', 'booking',
           'PRB' || n, 'PRB' || n, 'NLRTM', 'GNCKY', :now FROM number""",
    f"""{_WATCH} SELECT id, :account, abs(random()) % 3,
           strftime('%Y-%m-%d %H:%M:%f000', :now, (random() % 86400) || ' seconds'), 0, 0, 0 FROM leg""",
)
_POSTGRES = (
    f"""{_LEG} SELECT gen_random_uuid(), lpad(to_hex(n / 100), 32, '0')::uuid, n % 100 + 1, 'sea', 'dcsa', 'booking',
           'PRB' || n, 'PRB' || n, 'NLRTM', 'GNCKY', CAST(:now AS timestamptz) FROM generate_series(0, :legs - 1) n""",
    f"""{_WATCH} SELECT id, CAST(:account AS uuid), floor(random() * 3),
           CAST(:now || 'Z' AS timestamptz) + make_interval(secs => random() * 172800 - 86400), 0, 0, 0 FROM leg""",
)
