"""The demo."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the pages and the API; 0 for any free one.")
    ] = 8000,
    voyage_seconds: Annotated[
        float, typer.Option(min=1, max=3600, hidden=True, help="How long the ship of the story needs.")
    ] = 45.0,
) -> None:
    """Show a whole programme with invented people on this machine, and tell how one box travels."""
    from api.demo.show import show

    raise SystemExit(show(Path.cwd(), port, voyage_seconds))


def add_to(app: typer.Typer) -> None:
    """Enters the command."""
    app.command()(demo)
