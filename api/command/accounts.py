"""Commands for logins with carriers. Secrets are asked for, or read from standard input; none is ever printed again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from api.command.account_options import (
    BaseUrl,
    ClientId,
    ClientInWord,
    Header,
    LoginWord,
    Name,
    Office,
    PerDay,
    PerLeg,
    PerSecond,
    Private,
    ResetsAt,
    Scope,
    Secret,
    TokenUrl,
    typed,
    word,
)
from api.command.surroundings import database, settings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel import Session

    from shipments.tracking.accounts.account import CarrierAccount
    from shipments.tracking.accounts.listing import AccountLine

T = TypeVar("T")
accounts = typer.Typer(help="Logins with carriers, and what each may be asked.", no_args_is_help=True)


@accounts.command()
def add(
    carrier: Annotated[str, typer.Argument(help="A carrier that can be asked, e.g. dhl.")],
    name: Annotated[str, typer.Option(help="What it is called; by default as its carrier.")] = "",
    office: Office = "",
    base_url: BaseUrl = "",
    login: LoginWord = "",
    header: Header = "",
    client_in: ClientInWord = "",
    token_url: TokenUrl = "",
    scope: Scope = "",
    client_id: ClientId = "",
    secret: Secret = "",
    per_second: PerSecond = None,
    per_day: PerDay = None,
    per_leg: PerLeg = None,
    resets_at: ResetsAt = "",
    private: Private = None,
) -> None:
    """Add a login with a carrier. What is not said is as this carrier's accounts usually are."""
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.tracking.accounts.account import ClientIn, LoginKind
    from shipments.tracking.accounts.administering import add_account
    from shipments.tracking.accounts.terms import AccountAsked, usual_of

    kind = word(LoginKind, login, "--login") or LoginKind(usual_of(carrier).login.kind)
    client_id, secret = typed(kind is LoginKind.OAUTH2, client_id, secret)
    asked = AccountAsked(
        carrier=carrier,
        name=name,
        office=office or None,
        base_url=base_url,
        login=kind,
        header=header,
        client_in=word(ClientIn, client_in, "--client-in"),
        token_url=token_url,
        scope=scope,
        client_id=client_id,
        secret=secret,
        allow_private=bool(private),
        per_second=per_second,
        per_day=per_day,
        per_leg_per_day=per_leg,
        resets_at=resets_at,
    )
    ring = settings().ring
    account = _performed(lambda session: add_account(session, ring, asked, by=EVERYWHERE, now=utc_now()))
    print(f"Added {account.name}.")
    _warn(account)


@accounts.command()
def renew(
    name: Name,
    keep_secret: Annotated[bool, typer.Option("--keep-secret", help="The secret stays as it is.")] = False,
    carrier: Annotated[str, typer.Option(help="Another carrier, while no leg uses the account.")] = "",
    office: Annotated[
        str | None, typer.Option(help="Another office, while no leg uses it; '' for every office.")
    ] = None,
    base_url: BaseUrl = "",
    login: LoginWord = "",
    header: Header = "",
    client_in: ClientInWord = "",
    token_url: TokenUrl = "",
    scope: Scope = "",
    client_id: ClientId = "",
    secret: Secret = "",
    per_second: PerSecond = None,
    per_day: PerDay = None,
    per_leg: PerLeg = None,
    resets_at: ResetsAt = "",
    private: Private = None,
) -> None:
    """Give an account a new secret, or other terms. A stop is lifted; what it asked today stays counted."""
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.tracking.accounts.account import ClientIn, LoginKind
    from shipments.tracking.accounts.administering import renew_account, the_account
    from shipments.tracking.accounts.terms import AccountChanged

    kind = word(LoginKind, login, "--login")
    said: dict[str, object] = {
        "carrier": carrier or None,
        "base_url": base_url or None,
        "login": kind,
        "header": header or None,
        "client_in": word(ClientIn, client_in, "--client-in"),
        "token_url": token_url or None,
        "scope": scope or None,
        "allow_private": private,
        "per_second": per_second,
        "per_day": per_day,
        "per_leg_per_day": per_leg,
        "resets_at": resets_at or None,
    }
    changes = {field: value for field, value in said.items() if value is not None}
    if office is not None:
        changes["office"] = office or None
    if not keep_secret:
        client = (kind or _performed(lambda s: the_account(s, name, by=EVERYWHERE)).login) is LoginKind.OAUTH2
        changes["client_id"], changes["secret"] = typed(client, client_id, secret)
    change, ring = AccountChanged(**changes), settings().ring  # type: ignore[arg-type]  # each of its field's type
    account = _performed(lambda session: renew_account(session, ring, name, change, by=EVERYWHERE, now=utc_now()))
    print(f"Renewed {account.name}.")
    _warn(account)


@accounts.command("list")
def show() -> None:
    """Print every account: whose it is, what it may ask, what it asked today, and what holds it back."""
    from api.command.ledger_tables import failing, paused
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.tracking.accounts.listing import list_accounts
    from shipments.transaction import reading

    now = utc_now()
    with database(settings()) as opened, reading(opened, EVERYWHERE) as session:
        for one in list_accounts(session, now=now):
            print(f"{one.name}: {one.carrier}, {one.office or 'every office'}, {_login_of(one)}")
            print(f"  may ask {_budget_of(one)}; used today: {one.used}")
            print(f"  legs: {one.legs}, still asked about: {one.due}; push secret: {'yes' if one.has_hook else 'no'}")
            if not one.is_known:
                print("  left alone: this version does not know the carrier")
            if one.stopped is not None:
                print(f"  stopped: {one.stopped}")
            if one.paused_until is not None:
                print(f"  {paused(one)} (until {_utc(one.paused_until)})")
            if one.failures:
                print(f"  {failing(one)}")


@accounts.command()
def stop(
    name: Name, reason: Annotated[str, typer.Option(help="Why, for whoever sees it.")] = "stopped by an administrator"
) -> None:
    """Ask nothing with an account until it is renewed."""
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.tracking.accounts.administering import stop_account

    _performed(lambda session: stop_account(session, name, reason, by=EVERYWHERE, now=utc_now()))
    print(f"Stopped {name}. 'shipments accounts renew {name}' lifts that.")


@accounts.command()
def move(
    name: Name, other: Annotated[str, typer.Argument(help="The account, with the same carrier, that takes its legs.")]
) -> None:
    """Ask about an account's legs with another one from now on."""
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.tracking.accounts.administering import move_legs

    moved, left = _performed(lambda session: move_legs(session, name, other, by=EVERYWHERE, now=utc_now()))
    print(f"Moved {moved} legs to {other}." + (f" {left} stay: {other} serves another office." if left else ""))


@accounts.command()
def remove(name: Name) -> None:
    """Delete an account that was never used."""
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.tracking.accounts.administering import remove_account

    _performed(lambda session: remove_account(session, name, by=EVERYWHERE, now=utc_now()))
    print(f"Removed {name}.")


@accounts.command()
def hook(
    name: Name,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Another secret; the former one is valid for a day.")
    ] = False,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="With --rotate: even if the one before is still valid; that one ends now.")
    ] = False,
    given: Annotated[
        bool, typer.Option("--given", help="The carrier allots the secret itself, as ship24 does: it is asked for.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take no messages any more; what was asked for ends.")
    ] = False,
) -> None:
    """Make the secret for a carrier's pushes and print it, this once, with the address to give to the carrier."""
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.tracking.accounts.hooking import make_hook, remove_hook
    from shipments.tracking.pushes.subscribing import hook_address

    if remove:
        if rotate or given or at_once:
            raise typer.BadParameter("--remove goes with no other option")
        _performed(lambda session: remove_hook(session, name, by=EVERYWHERE, now=utc_now()))
        print(f"Removed the push secret of {name}.")
        return
    chosen = settings()
    allotted = typer.prompt("The secret that the carrier allotted", hide_input=True) if given else None
    account, secret = _performed(
        lambda session: make_hook(
            session, chosen.ring, name, given=allotted, rotate=rotate, at_once=at_once, by=EVERYWHERE, now=utc_now()
        )
    )
    print(f"Address: {hook_address(chosen.base_url, account)}")
    print("The secret is kept." if given else f"Secret, shown only now: {secret}")
    if account.hook_former_until is not None and rotate:
        print(f"The former secret is valid until {_utc(account.hook_former_until)}.")


def _login_of(one: "AccountLine") -> str:
    if one.login == "key":
        return "key"
    return "OAuth 2, " + (f"token until {_utc(one.token_until)}" if one.token_until else "no token now")


def _budget_of(one: "AccountLine") -> str:
    parts = [f"{one.per_second:g} a second"]
    if one.per_day is not None:
        parts.append(f"{one.per_day} a day from {one.resets_at_minute // 60:02}:{one.resets_at_minute % 60:02} UTC")
    if one.per_leg_per_day is not None:
        parts.append(f"{one.per_leg_per_day} a day about one leg")
    return ", ".join(parts)


def _utc(at: "datetime") -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _warn(account: "CarrierAccount") -> None:
    from shipments.tracking.accounts.terms import beyond_usual

    for line in beyond_usual(account):
        print(f"More than usual: {line}. Right only if the plan with the carrier says so.")


def _performed(work: "Callable[[Session], T]") -> T:
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.transaction import perform

    with database(settings()) as opened:
        return perform(opened, EVERYWHERE, work, now=utc_now())
