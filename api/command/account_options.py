"""What may be said of an account on the command line, and what is asked for where it was not said."""

import sys
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

W = TypeVar("W", bound=StrEnum)
Name = Annotated[str, typer.Argument(help="Its name, as `shipments accounts list` shows it.")]
Secret = Annotated[
    str,
    typer.Option(help="The key, or the client's secret. Better not given here: it is asked for, or read from a pipe."),
]
ClientId = Annotated[str, typer.Option(help="With OAuth 2, the client's id; asked for if not given.")]
BaseUrl = Annotated[str, typer.Option(help="Where its interface is, https; by default the carrier's own address.")]
Office = Annotated[str, typer.Option(help="The office whose legs it serves, e.g. NL-UTR; by default every office's.")]
LoginWord = Annotated[str, typer.Option(help="key or oauth2; by default as the carrier usually wants it.")]
Header = Annotated[str, typer.Option(help="The header that carries the key.")]
ClientInWord = Annotated[str, typer.Option(help="With OAuth 2, where id and secret are sent: header or body.")]
TokenUrl = Annotated[str, typer.Option(help="With OAuth 2, where tokens are given, https.")]
Scope = Annotated[str, typer.Option(help="With OAuth 2, the scope to ask for.")]
PerSecond = Annotated[float | None, typer.Option(help="The most calls a second, of all workers together.")]
PerDay = Annotated[int | None, typer.Option(help="The most calls a day.")]
PerLeg = Annotated[int | None, typer.Option("--per-leg-per-day", help="The most calls a day about one leg.")]
ResetsAt = Annotated[str, typer.Option(help="When its day begins, HH:MM in UTC.")]
Private = Annotated[bool | None, typer.Option(help="May be on a private address: the practice carrier.")]


def typed(client: bool, client_id: str, secret: str) -> tuple[str, str]:
    """What is not given is asked for; a pipe gives the client's id, if it is one, and the secret, a line each."""
    if client and not client_id:
        client_id = _one_line("Client id", hidden=False)
    if not secret:
        secret = _one_line("Client secret" if client else "Key", hidden=True)
    return client_id.strip(), secret.strip()


def _one_line(what: str, *, hidden: bool) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=hidden))
    return sys.stdin.readline()


def word(words: type[W], text: str, option: str) -> W | None:
    """The word of a list; None for an empty text."""
    if text and text not in set(words):
        raise typer.BadParameter(f"{option}: one of {', '.join(words)}")
    return words(text) if text else None
