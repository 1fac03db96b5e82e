"""Commands on the journal."""

from pathlib import Path
from typing import Annotated

import typer

from api.command.surroundings import database, settings

app = typer.Typer(help="Who did, saw or was refused what.", no_args_is_help=True)


@app.command()
def verify(
    head: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file with a head that was kept elsewhere.")
    ] = None,
) -> None:
    """Walk the whole chain; ends with 1 and names the first faults where an entry was changed, moved or cut off."""
    from rich.progress import track

    from shipments.journal import count, holds
    from shipments.journal import verify as run

    chosen = settings()
    with database(chosen) as opened, opened.reading() as session:
        total = count(session)
        faults = [fault for _, fault in track(run(session), "Verifying", total=total + 1, transient=True) if fault]
        if head is not None and (missing := holds(session, chosen.ring, head.read_text("utf-8"))):
            faults.append(missing)
    for fault in faults[:20]:
        print(fault)
    print(f"{total} entries, {len(faults) or 'no'} faults.")
    raise SystemExit(1 if faults else 0)


@app.command()
def head() -> None:
    """Print the signed head of the chain, to be kept elsewhere: with it a cut or rewritten journal is found."""
    from shipments.journal import signed_head

    chosen = settings()
    with database(chosen) as opened, opened.reading() as session:
        print(signed_head(session, chosen.ring))
