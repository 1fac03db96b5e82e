"""Commands that run until they are stopped: the API, workers, the practice carrier."""

from typing import Annotated

import typer

from api.command.surroundings import database, settings
from jobs.starting import loading

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")]


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Answer HTTP: the JSON API and the pages; with the timetable inside, unless SHIPMENTS_SCHEDULER is off."""
    with loading():
        from api.serving import serve as run

    run(settings(), host, port)


def work() -> None:
    """Run the timetable alone: carriers are asked, silence is noticed. Any number of these may run at once."""
    with loading():
        from jobs.working import work as run

    chosen = settings()
    with database(chosen) as opened:
        run(opened, chosen)


def poll() -> None:
    """Ask once about every leg that is due now, then end."""
    with loading():
        from jobs.working import poll_once

    chosen = settings()
    with database(chosen) as opened:
        done = poll_once(opened, chosen)
    print(f"asked {done.asked}, new events {done.new_events}, failed {done.failed}")


def practice_carrier(
    port: Port = 8090,
    api_key: Annotated[
        str, typer.Option(help="The key it asks for, and the secret of the OAuth 2 client 'practice'.")
    ] = "practice",
) -> None:
    """A carrier to practise with, on loopback: DCSA 2.2, DHL, UPS, FedEx and Ship24; pushes, and errs when told to."""
    from api.practice_carrier import run

    run("127.0.0.1", port, api_key)


def add_to(app: typer.Typer) -> None:
    """Enters these commands."""
    app.command()(serve)
    app.command()(work)
    app.command()(poll)
    app.command(name="practice-carrier")(practice_carrier)
