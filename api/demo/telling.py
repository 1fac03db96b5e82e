"""How the demo speaks in the terminal: short sentences, times, who does what. Colours help, and nothing needs them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 1_000  # lines are not broken where nobody sits in front of them
WHO_WIDTH = 20
_HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


class Teller:
    """Writes to the terminal, or plainly to whatever stands in its place."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        if not self._console.is_terminal:
            self._console.width = PLAIN_WIDTH

    def title(self, text: str) -> None:
        """The heading of a part."""
        self._console.print()
        self._console.print(Text(text, style="bold"))

    def say(self, text: str, style: str = "") -> None:
        """A sentence."""
        self._console.print(Text(text, style=style))

    def step(self, who: str, text: str) -> None:
        """Somebody did something just now."""
        self._line(Text(who, style="bold cyan"), text)

    def news(self, who: str, text: str) -> None:
        """Somebody is told something."""
        self._line(Text(f"  -> {who}", style="green"), text)

    def _line(self, who: Text, text: str) -> None:
        """Time, who, what; a long sentence goes on below itself."""
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(no_wrap=True)
        line.add_column(no_wrap=True, min_width=WHO_WIDTH)
        line.add_column()
        line.add_row(Text(f"{datetime.now().astimezone():%H:%M:%S}", style="dim"), who, Text(text))
        self._console.print(line)

    def error(self, text: str) -> None:
        """What went wrong, on one line of its own."""
        self._console.print(Text(text, style="bold red"), soft_wrap=True)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Rows under heads. Nothing is cut off, so that it can be copied; a terminal wraps what is too wide."""
        listed = list(rows)
        widths = [max(map(len, column)) for column in zip(heads, *listed, strict=True)]
        for row, style in ((heads, "dim"), *((row, "") for row in listed)):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._console.print(Text("  " + "  ".join(cells).rstrip(), style=style), soft_wrap=True)

    def qr(self, text: str) -> None:
        """A QR code in half blocks. Without colours it is drawn for a dark terminal, light on dark."""
        coloured = self._console.color_system is not None
        style = Style(color="black", bgcolor="white") if coloured else Style()
        for line in qr_lines(text, dark=coloured):
            self._console.print(Text("  ").append(line, style=style), crop=False, soft_wrap=True)


def qr_lines(text: str, *, dark: bool) -> list[str]:
    """Two rows of modules a line. `dark`: blocks stand for dark modules, else for light ones."""
    code = QRCode(error_correction=ERROR_CORRECT_L, border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = [[bool(module) == dark for module in row] for row in code.get_matrix()]
    if len(rows) % 2:
        rows.append([not dark] * len(rows[0]))
    return ["".join(_HALVES[pair] for pair in zip(*rows[at : at + 2], strict=True)) for at in range(0, len(rows), 2)]
