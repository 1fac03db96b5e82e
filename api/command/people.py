"""Commands for an administrator at the machine: offices, people, API keys."""

import base64
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from api.command.surroundings import database, settings

if TYPE_CHECKING:
    from sqlmodel import Session

T = TypeVar("T")
people = typer.Typer(help="Members of staff.", no_args_is_help=True)
offices = typer.Typer(help="Offices that send and receive.", no_args_is_help=True)
keys = typer.Typer(help="API keys of people, and the installation's own secrets.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]


@people.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="Full name.")],
    role: Annotated[list[str], typer.Option(help="ROLE@OFFICE, e.g. receiver@GN-CKY; ROLE alone: everywhere.")],
    language: Annotated[str, typer.Option(help="Language of the pages.")] = "en",
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if not given.")
    ] = "",
) -> None:
    """Add a member of staff."""
    from shipments.clock import utc_now
    from shipments.offices.people import add_person
    from shipments.offices.person import Role
    from shipments.offices.scope import EVERYWHERE

    def read(text: str) -> tuple[Role, str | None]:
        word, _, office = text.partition("@")
        if word not in set(Role):
            raise typer.BadParameter(f"{word!r}: one of {', '.join(Role)}")
        return Role(word), office or None

    roles = [read(text) for text in role]
    person = _performed(
        lambda session: add_person(
            session,
            email=email,
            name=name,
            roles=roles,
            password=password,
            language=language,
            by=EVERYWHERE,
            now=utc_now(),
        )
    )
    print(f"Added {person.email}.")


@offices.command("add")
def add_office(
    code: Annotated[str, typer.Argument(help="Short code, e.g. GN-CKY.")],
    organisation: Annotated[str, typer.Option(help="Made if it is not there yet.")],
    name: Annotated[str, typer.Option(help="Name of the office.")],
    country: Annotated[str, typer.Option(help="ISO 3166 code, e.g. GN.")],
    time_zone: Annotated[str, typer.Option(help="IANA zone, e.g. Africa/Conakry.")],
    phone: Annotated[str, typer.Option(help="Public telephone number.")],
    address: Annotated[str, typer.Option(help="Public address.")],
    language: Annotated[list[str], typer.Option(help="Languages spoken there.")],
    hours: Annotated[str, typer.Option(help="Opening hours.")] = "",
    sends: Annotated[bool, typer.Option(help="Boxes leave from it.")] = False,
    receives: Annotated[bool, typer.Option(help="Boxes arrive at it.")] = False,
) -> None:
    """Add an office."""
    from shipments.clock import utc_now
    from shipments.offices.offices import OfficeAsked
    from shipments.offices.offices import add_office as run
    from shipments.offices.scope import EVERYWHERE

    asked = OfficeAsked(
        organisation, code, name, country, time_zone, tuple(language), phone, address, hours, sends, receives
    )
    office = _performed(lambda session: run(session, asked, by=EVERYWHERE, now=utc_now()))
    print(f"Added {office.code}.")


@keys.command("add")
def add_key(
    email: Email,
    days: Annotated[int, typer.Option(min=1, max=730, help="Days until it expires.")] = 365,
    read_only: Annotated[bool, typer.Option(help="It may read, never write.")] = False,
) -> None:
    """Make an API key and print it, this once."""
    from shipments.clock import utc_now
    from shipments.offices.keys import make_key
    from shipments.offices.people import person_by_email
    from shipments.offices.scope import EVERYWHERE

    now, ring = utc_now(), settings().ring

    def work(session: "Session") -> str:
        person = person_by_email(session, email)
        ends = now + timedelta(days=days)
        return make_key(
            session, ring, person_id=person.id, may_write=not read_only, expires_at=ends, by=EVERYWHERE, now=now
        )

    print(_performed(work))


@keys.command()
def secret() -> None:
    """Print fresh values for SHIPMENTS_SECRET_KEYS and SHIPMENTS_HASH_KEY, to be kept safe."""
    first, second = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    print(f"SHIPMENTS_SECRET_KEYS=k1:{first}\nSHIPMENTS_HASH_KEY={second}")


def _performed(work: "Callable[[Session], T]") -> T:
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.transaction import perform

    with database(settings()) as opened:
        return perform(opened, EVERYWHERE, work, now=utc_now())
