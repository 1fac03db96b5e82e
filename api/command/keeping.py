"""Commands that keep the database in order."""

from typing import Annotated

import typer

from api.command.surroundings import database, settings

progress = typer.Typer(help="What is worked out from facts.", no_args_is_help=True)


def migrate(
    revision: Annotated[str, typer.Argument(help="A revision, 'head', or '-1' for one back.")] = "head",
) -> None:
    """Bring the database to the schema of this version; safe to run again."""
    from shipments.migrating import migrate as run

    with database(settings()) as opened:
        run(opened, revision)
    print("The database is at the schema of this version." if revision == "head" else f"The database is at {revision}.")


@progress.command()
def rebuild(
    repair: Annotated[bool, typer.Option(help="Write what was worked out where it differs.")] = True,
) -> None:
    """Work out every box and batch anew and report each cached column that differs: there should be none."""
    from rich.progress import track

    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.progress.keeping import count_all
    from shipments.progress.keeping import rebuild as run
    from shipments.transaction import transaction

    differing = 0
    with database(settings()) as opened, transaction(opened, EVERYWHERE, now=utc_now()) as session:
        total = count_all(session)
        for code, cached, derived in track(run(session, repair=repair), "Working out", total=total, transient=True):
            for name in derived if cached != derived else ():
                if cached[name] != derived[name]:
                    print(f"{code}: {name} was {cached[name]!s}, is {derived[name]!s}")
            differing += cached != derived
    mended = " and were repaired" if differing and repair else ""
    print(f"{total} boxes and batches worked out anew, {differing} differed{mended}.")
    raise SystemExit(1 if differing else 0)


def add_to(app: typer.Typer) -> None:
    """Enters these commands."""
    app.command()(migrate)
