"""The demo's offices and the people who work there. All invented: their family name means "example"."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlmodel import Session

from shipments.offices.keys import make_key
from shipments.offices.offices import OfficeAsked, add_office
from shipments.offices.people import actor_for, add_person
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.sealing import KeyRing

HOST = "NL-UTR"
_HOURS = "Mon-Fri 9:00-16:00"
OFFICES = (
    OfficeAsked(
        "Demo Tool Foundation",
        HOST,
        "Utrecht workshop",
        "NL",
        "Europe/Amsterdam",
        ("nl", "en"),
        "+31 30 555 0100",
        "1 Voorbeeldkade, Utrecht",
        _HOURS,
        may_send=True,
    ),
    OfficeAsked(
        "Demo Return Network",
        "GN-CKY",
        "Conakry office",
        "GN",
        "Africa/Conakry",
        ("fr",),
        "+224 600 55 01 00",
        "1 Rue de l'Exemple, Conakry",
        _HOURS,
        may_receive=True,
    ),
    OfficeAsked(
        "Demo Return Network",
        "NG-LOS",
        "Lagos office",
        "NG",
        "Africa/Lagos",
        ("en",),
        "+234 1 555 0100",
        "1 Example Close, Lagos",
        _HOURS,
        may_receive=True,
    ),
    OfficeAsked(
        "Demo Return Network",
        "AM-EVN",
        "Yerevan office",
        "AM",
        "Asia/Yerevan",
        ("hy", "ru", "en"),
        "+374 10 55 01 00",
        "1 Orinak Street, Yerevan",
        _HOURS,
        may_receive=True,
    ),
    OfficeAsked(
        "Demo Return Network",
        "BR-SAO",
        "São Paulo office",
        "BR",
        "America/Sao_Paulo",
        ("pt-BR", "pt"),
        "+55 11 5550 0100",
        "1 Rua do Exemplo, São Paulo",
        _HOURS,
        may_receive=True,
    ),
)
_WORDS = (
    "amber anchor apple basket beacon birch bottle bridge button candle canoe carpet cedar chalk cherry clover copper "
    "cotton crane dahlia falcon feather fiddle garden ginger granite harbor hazel island jasmine kettle ladder lantern "
    "lemon linen maple marble meadow needle nutmeg orchard otter paddle pepper pigeon pocket quartz raven ribbon river "
    "saddle salmon silver spider thimble timber tulip velvet violet walnut willow window winter yellow"
)


class Post(msgspec.Struct, frozen=True):
    """One member of staff and the single role they hold; without an office, at every office."""

    email: str
    name: str
    role: Role
    office: str | None
    language: str


class Login(msgspec.Struct, frozen=True):
    """How somebody gets in, in the open: this is a demo."""

    email: str
    name: str
    password: str
    roles: tuple[str, ...]
    office: str | None
    api_key: str

    def __repr__(self) -> str:
        return f"Login({self.email})"


class Colleague(msgspec.Struct, frozen=True):
    """A login, and the actor that the history acts as."""

    login: Login
    actor: Actor


POSTS = (
    Post("marit@demo.example.org", "Marit Voorbeeld", Role.COUNSELLOR, HOST, "en"),
    Post("joost@demo.example.org", "Joost Voorbeeld", Role.LOGISTICIAN, HOST, "en"),
    Post("fatou@demo.example.org", "Fatou Exemple", Role.RECEIVER, "GN-CKY", "fr"),
    Post("ngozi@demo.example.org", "Ngozi Example", Role.RECEIVER, "NG-LOS", "en"),
    Post("anahit@demo.example.org", "Anahit Orinak", Role.RECEIVER, "AM-EVN", "hy"),
    Post("lia@demo.example.org", "Lia Exemplo", Role.RECEIVER, "BR-SAO", "pt-BR"),
    Post("sam@demo.example.org", "Sam Example", Role.COORDINATOR, None, "en"),
    Post("robin@demo.example.org", "Robin Voorbeeld", Role.ADMINISTRATOR, None, "en"),
    Post("kim@demo.example.org", "Kim Exemple", Role.AUDITOR, None, "en"),
)


def open_offices(session: Session, *, now: datetime) -> None:
    """Every office of the demo."""
    for asked in OFFICES:
        add_office(session, asked, by=EVERYWHERE, now=now)


def engage(
    session: Session, ring: KeyRing, posts: Sequence[Post], *, now: datetime, until: datetime
) -> list[Colleague]:
    """Everybody, with a fresh password and an API key that is good `until` then."""
    return [_engaged(session, ring, post, now, until) for post in posts]


def _engaged(session: Session, ring: KeyRing, post: Post, now: datetime, until: datetime) -> Colleague:
    password = a_password(post.email)
    person = add_person(
        session,
        email=post.email,
        name=post.name,
        roles=[(post.role, post.office)],
        password=password,
        language=post.language,
        by=EVERYWHERE,
        now=now,
    )
    until = min(until, now + timedelta(days=700))
    key = make_key(session, ring, person_id=person.id, may_write=True, expires_at=until, by=EVERYWHERE, now=now)
    actor = actor_for(session, person.id, via="command")
    assert actor is not None, "somebody who was engaged a moment ago is not disabled"
    return Colleague(Login(post.email, post.name, password, (post.role.value,), post.office, key), actor)


def a_password(email: str) -> str:
    """Four words and two digits: can be typed from a screen, about 30 bits, good for an afternoon on loopback.

    No word has the name of `email` in it, as Lia's is in dahlia: no password may say whose it is.
    """
    words = [word for word in _WORDS.split() if email.partition("@")[0] not in word]
    return "-".join(secrets.choice(words) for _ in range(4)) + f"-{secrets.randbelow(90) + 10}"
