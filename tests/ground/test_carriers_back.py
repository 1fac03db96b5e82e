"""The way back from carriers in numbers: no secret and no number is told to another company."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from shipments.batches.batch import Leg, bare
from shipments.database import Database
from shipments.migrating import check, migrate
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.polling.watch import LegWatch
from tests.builders import a_batch, a_box, a_leg, an_office


def an_account(session: Session, name: str, carrier: str, login: LoginKind = LoginKind.KEY) -> UUID:
    account = CarrierAccount(
        name=name, carrier=carrier, login=login, base_url=f"https://{name}.example", secret_sealed=name.encode()
    )
    session.add(account)
    session.flush()
    return account.id


def watched(session: Session, account: UUID | None, reference: str) -> None:
    batch = a_batch(session, *(office := (an_office(session), an_office(session))), [a_box(session, *office)])
    leg = a_leg(session, batch, reference=reference)
    if account is not None:
        session.add(LegWatch(leg_id=leg.id, account_id=account))


def told(database: Database, statement: str) -> list[tuple[Any, ...]]:  # Any: columns
    with database.reading() as session:
        return sorted(tuple(row) for row in session.execute(text(statement)))


WATCHES = (
    "SELECT leg.reference, carrier_account.base_url FROM leg_watch JOIN leg ON leg.id = leg_watch.leg_id "
    "JOIN carrier_account ON carrier_account.id = leg_watch.account_id"
)


def test_a_carrier_keeps_its_oldest_key_and_no_leg_is_asked_about_with_another(database: Database) -> None:
    with database.writing() as session:
        an_account(session, "ups", "ups", LoginKind.OAUTH2)
        client = an_account(session, "line-client", "dcsa", LoginKind.OAUTH2)
        first, second = an_account(session, "line-one", "dcsa"), an_account(session, "line-two", "dcsa")
        dhl = an_account(session, "dhl", "dhl")
        for account, reference in ((client, "CLIENT"), (first, "FIRST"), (second, "SECOND"), (dhl, "DHL")):
            watched(session, account, reference)
        watched(session, None, "BY HAND")
    migrate(database, "0003")
    assert told(database, "SELECT carrier, base_url FROM carrier_account") == [
        ("dcsa", "https://line-one.example"),
        ("dhl", "https://dhl.example"),
    ]
    assert told(database, WATCHES) == [("DHL", "https://dhl.example"), ("FIRST", "https://line-one.example")]
    migrate(database)
    check(database)
    assert told(database, "SELECT name, login FROM carrier_account") == [("dcsa", "key"), ("dhl", "key")]
    assert len(told(database, "SELECT reference FROM leg")) == 5


def test_numbers_are_bare_after_the_migration_as_the_program_makes_them(database: Database) -> None:
    references = ["prb 0012-345", "m\u00fcnchen/1", "stra\u00dfe.2", "\u03c3\u03af\u03b3\u03bc\u03b1", "PLAIN"]
    with database.writing() as session:
        for reference in references:
            watched(session, None, reference)
    migrate(database, "0003")
    migrate(database)
    with database.reading() as session:
        found = session.exec(select(col(Leg.reference), col(Leg.bare_reference))).all()
    assert dict(found) == {one: bare(one) for one in references}
