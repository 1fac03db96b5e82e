"""The demo from its first line to its last: set up, serve, tell, stay until stopped."""

import logging
import os
import signal
import socket
import threading
import types
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from sqlalchemy.exc import DBAPIError

from api.demo import closing_words
from api.demo.asking import StepFailed
from api.demo.folder import FolderRefused, demo_folder, write_access
from api.demo.history import PastCard
from api.demo.programme import Programme, read_settings, set_up, settings_for
from api.demo.running import ServerFailed, listen, log_to, serving
from api.demo.staff import Login
from api.demo.story import Scene, Told, tell_story
from api.demo.telling import Teller
from api.practice_carrier import practice_carrier
from shipments.clock import utc_now
from shipments.database import Database
from shipments.errors import ShipmentsError
from shipments.settings import Settings

DONE, BROKE, MISUSED = 0, 1, 2
PAUSE_PART = 90  # of a voyage: the pause after each step, for those who read along


class Stopped(BaseException):
    """Ctrl-C or SIGTERM; not an Exception, so that nothing on the way takes it for a failure."""


class Premises(msgspec.Struct, frozen=True):
    """What is there when the server answers."""

    folder: Path
    environment: dict[str, str]
    settings: Settings
    programme: Programme
    carrier_url: str


def show(place: Path, port: int, voyage_s: float) -> int:
    """Runs the demo below `place` until it is stopped. Returns the exit code."""
    teller = Teller()
    try:
        with _stoppable():
            return _on_port(place, port, voyage_s, teller)
    except Stopped:
        teller.say("\nStopped.")
        return DONE


def _on_port(place: Path, port: int, voyage_s: float, teller: Teller) -> int:
    try:
        listening = listen(port)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        teller.error(f"Port {port} cannot be used ({why}). Choose another one: make demo PORT={port + 1}")
        return MISUSED
    try:
        with closing(listening), demo_folder(place) as folder:
            _run(folder, listening, voyage_s, teller)
    except FolderRefused as error:
        teller.error(str(error))
        return MISUSED
    except (StepFailed, ServerFailed) as error:
        teller.error(str(error))
        return BROKE
    except (ShipmentsError, DBAPIError) as error:
        logging.getLogger(__name__).exception("the demo broke off")
        first = str(error).partition("\n")[0]
        teller.error(f"The demo could not be made: {first}\nSee .demo/demo.log for the whole of it.")
        return BROKE
    return DONE


def _run(folder: Path, listening: socket.socket, voyage_s: float, teller: Teller) -> None:
    environment = settings_for(folder, listening.getsockname()[1])
    settings = read_settings(environment)
    log_to(folder / "demo.log", settings.log_level)
    teller.title(
        "A programme is made: offices, staff, kits, boxes at every stage, with five carriers. All people are invented."
    )
    with closing(Database.at(settings.database_url)) as database, practice_carrier(pushes=True) as carrier:
        programme = set_up(database, settings, carrier, now=utc_now())
        carrier.practice.clock.set(utc_now(), 86_400)
        premises = Premises(folder, environment, settings, programme, carrier.url)
        with serving(settings, listening) as server:
            _write_access(premises, None)
            teller.say(f"It answers at {settings.base_url} - sign in there with any login of .demo/access.json.")
            told = _tell(premises, database, voyage_s, teller)
            _write_access(premises, told)
            closing_words.say(teller, settings.base_url, programme, told)
            _stay(server)


def _tell(premises: Premises, database: Database, voyage_s: float, teller: Teller) -> Told:
    teller.title(f"The way of one box. Its ship needs {voyage_s:g} seconds instead of 24 days.")
    scene = Scene(
        database=database,
        base_url=premises.settings.base_url,
        carrier_url=premises.carrier_url,
        folder=premises.folder,
        voyage_s=voyage_s,
        pause_s=min(0.5, voyage_s / PAUSE_PART),
    )
    return tell_story(scene, premises.programme, teller)


def _write_access(premises: Premises, told: Told | None) -> None:
    past = premises.programme.past
    write_access(
        premises.folder,
        {
            "base_url": premises.settings.base_url,
            "people": [_person(login) for login in premises.programme.logins],
            "boxes": past.boxes + ([told.box] if told else []),
            "batches": past.batches + ([told.batch] if told else []),
            "cards": _cards([*past.cards, *([told.card] if told else [])]),
            "practice_carrier_url": premises.carrier_url,
            "env": premises.environment,
        },
    )


def _person(login: Login) -> dict[str, object]:
    return {name: told for name, told in msgspec.structs.asdict(login).items() if name != "name"}


def _cards(cards: Sequence[PastCard]) -> list[dict[str, str]]:
    return [{"case": card.case, "url": card.url, "pin": card.pin} for card in cards]


def _stay(server: threading.Thread) -> None:
    """Until a signal comes, or the server ends by itself, which raises ServerFailed."""
    while server.is_alive():
        server.join(1.0)
    raise ServerFailed("The server has ended by itself; .demo/demo.log says why.")


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGINT and SIGTERM raise Stopped, once: what is being put away is put away whole."""

    def stop(number: int, frame: types.FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
