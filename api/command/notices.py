"""Commands for who is told how: mails and webhooks of an office."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from api.command.surroundings import database, settings

notices = typer.Typer(help="Who is told of news, by mail or by webhook.", no_args_is_help=True)
Wish = Annotated[UUID, typer.Argument(help="Its id, as `shipments notices list` shows it.")]


@notices.command()
def add(
    office: Annotated[str, typer.Argument(help="The office that is told of what passes through it, e.g. GN-CKY.")],
    email: Annotated[str, typer.Option(help="Tell by mail at this address.")] = "",
    webhook: Annotated[str, typer.Option(help="Tell by calls of this https URL, signed after Standard Webhooks.")] = "",
    language: Annotated[str | None, typer.Option(help="Language; by default one that the office speaks.")] = None,
    daily: Annotated[int | None, typer.Option(min=0, max=23, help="One mail a day, at this hour there.")] = None,
    private: Annotated[bool, typer.Option(help="The webhook may be on a private address.")] = False,
) -> None:
    """Tell an office of its news from now on; prints a webhook's secret, this once."""
    from shipments.clock import utc_now
    from shipments.errors import Invalid
    from shipments.notices.wish import Channel
    from shipments.notices.wishing import WishAsked, add_wish
    from shipments.offices.scope import EVERYWHERE
    from shipments.transaction import perform

    if bool(email) == bool(webhook):
        raise typer.BadParameter("say either --email or --webhook")
    chosen, now = settings(), utc_now()
    if email and chosen.mail_server is None:
        raise Invalid([("SHIPMENTS_SMTP_URL", "a mail server: without one no mail is ever sent")])
    channel = Channel.EMAIL if email else Channel.WEBHOOK
    asked = WishAsked(office, channel, email or webhook, language, daily, private)
    with database(chosen) as opened:
        wish, secret = perform(
            opened, EVERYWHERE, lambda session: add_wish(session, chosen.ring, asked, by=EVERYWHERE, now=now), now=now
        )
    print(f"Added {wish.id}.")
    if secret:
        print(f"Its secret, shown only now: {secret}")


@notices.command("list")
def show() -> None:
    """Print who is told how, and what became of it."""
    from shipments.notices.reporting import report
    from shipments.offices.scope import EVERYWHERE
    from shipments.transaction import reading

    with database(settings()) as opened, reading(opened, EVERYWHERE) as session:
        for one in report(session):
            when = "at once" if one.digest_hour is None else f"daily at {one.digest_hour:02}:00"
            print(f"{one.id} {one.office} {one.address} {when} in {one.language}", end=": ")
            print(f"{one.waiting} waiting, {one.sent} sent, {one.given_up} given up", end="")
            print(f"; {one.trouble}" if one.trouble else "")


@notices.command()
def remove(wish: Wish) -> None:
    """Tell no more, nor what waits."""
    from shipments.clock import utc_now
    from shipments.notices.wishing import remove_wish
    from shipments.offices.scope import EVERYWHERE
    from shipments.transaction import perform

    now = utc_now()
    with database(settings()) as opened:
        perform(opened, EVERYWHERE, lambda session: remove_wish(session, wish, by=EVERYWHERE, now=now), now=now)
    print(f"Removed {wish}.")


@notices.command()
def rotate(
    wish: Wish,
    hours: Annotated[int, typer.Option(min=0, max=24 * 30, help="Hours for which the former one signs too.")] = 24,
) -> None:
    """Give a webhook a new secret and print it, this once."""
    from shipments.clock import utc_now
    from shipments.notices.wishing import rotate_secret
    from shipments.offices.scope import EVERYWHERE
    from shipments.transaction import perform

    chosen, now, overlap = settings(), utc_now(), timedelta(hours=hours)
    with database(chosen) as opened:
        secret = perform(
            opened,
            EVERYWHERE,
            lambda session: rotate_secret(session, chosen.ring, wish, overlap=overlap, by=EVERYWHERE, now=now),
            now=now,
        )
    print(f"Its secret, shown only now: {secret}")


@notices.command()
def send() -> None:
    """Send once what is due now, then end."""
    from jobs.working import send_once

    chosen = settings()
    with database(chosen) as opened:
        done = send_once(opened, chosen)
    print(f"sent {done.sent}, failed {done.failed}")
