"""The demo's programme shows everything that can be seen, and all of it follows from real facts."""

from collections import Counter

from sqlmodel import col, select

from shipments import journal
from shipments.batches.batch import Batch
from shipments.boxes.box import Box, Stage
from shipments.cases.carding import card_by_token
from shipments.catalogue.item import Item, Kit, KitLine
from shipments.notices.notice import News, Notice
from shipments.offices.keys import actor_by_key
from shipments.offices.passwords import proves
from shipments.offices.person import Person, Role
from shipments.offices.scope import EVERYWHERE
from shipments.progress.deriving import BoxException, exceptions_by_clock
from shipments.progress.keeping import count_all, rebuild
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import reading
from tests.demo.conftest import Made


def test_boxes_stand_at_every_stage(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        stages = Counter(session.exec(select(Box.stage)))

    assert set(stages) == set(Stage)
    assert sum(stages.values()) == len(made.programme.past.boxes)


def test_batches_stand_at_every_stage_that_a_batch_passes(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        stages = set(session.exec(select(Batch.stage)))

    assert {Stage.WAITING, Stage.ON_THE_WAY, Stage.IN_THE_COUNTRY, Stage.AT_THE_OFFICE, Stage.READY} <= stages


def test_every_exception_is_there(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        rows = session.exec(select(Box.exceptions, Box.overdue_after, Box.silent_after)).all()

    lasting = {BoxException(word) for words, _, _ in rows for word in words.split(",") if word}
    by_clock = {word for _, overdue, silent in rows for word in exceptions_by_clock(overdue, silent, made.now)}
    assert lasting | by_clock == set(BoxException)


def test_progress_worked_out_anew_is_what_the_columns_say(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        rows = list(rebuild(session, repair=False))

        assert len(rows) == count_all(session)
    assert [code for code, cached, derived in rows if cached != derived] == []


def test_the_journal_holds_who_did_what(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        assert [fault for _, fault in journal.verify(session) if fault] == []
        assert journal.count(session) > 200


def test_nothing_has_happened_in_the_future(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        happened = select(CarrierEvent.occurred_at).where(CarrierEvent.classifier == Classifier.ACT)
        placed = [at for at in session.exec(happened) if at is not None]  # those without a zone are nowhere in time
        heard = [*session.exec(select(CarrierEvent.heard_at)), *session.exec(select(Box.heard_at))]

    assert placed
    assert all(at is not None and at <= made.now for at in [*placed, *heard])


def test_carriers_were_polled_and_every_answer_of_our_own_could_be_read(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        watches = session.exec(select(LegWatch).where(col(LegWatch.asked_at).is_not(None))).all()

    assert len(watches) >= 15
    another = "shipment 1 is left out as another one: it goes to another country"
    assert [watch.trouble for watch in watches if watch.trouble] == [another]


def test_offices_were_told_of_what_goes_wrong(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        told = set(session.exec(select(Notice.news)))

    assert {News.DISPATCHED, News.DATE_CHANGED, News.ARRIVED, News.HELD, News.SILENT, News.OVERDUE} <= told


def test_eight_kits_have_names_in_five_languages(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        things = [*session.exec(select(Kit)), *session.exec(select(Item))]
        lines = session.exec(select(KitLine.kit_id)).all()

    assert len(set(lines)) == 8
    assert all(set(thing.names) == {"en", "fr", "ar", "pt", "hy"} for thing in things)


def test_every_role_has_somebody_whose_password_and_key_open(made: Made) -> None:
    logins = made.programme.logins

    assert {role for login in logins for role in login.roles} == {role.value for role in Role}
    assert len({login.password for login in logins}) == len(logins)
    with reading(made.database, EVERYWHERE) as session:
        for login in logins:
            stored = session.exec(select(Person.password_hash).where(Person.email == login.email)).one()
            assert proves(login.password, stored)
            actor = actor_by_key(session, made.settings.ring, login.api_key, now=made.now)
            assert actor is not None
            assert actor.roles == {Role(role) for role in login.roles}


def test_cards_open(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        for card in made.programme.past.cards:
            assert card_by_token(session, made.settings.ring, card.url.rpartition("/")[2], now=made.now)
    assert len(made.programme.past.cards) == 3
