"""Which language a page speaks, and how it says words, dates and numbers in it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from functools import cached_property
from importlib.resources import files
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_interval
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from babel.units import format_unit
from litestar import Request
from litestar.datastructures import Cookie, State

COOKIE = "l"
_YEAR_S = 365 * 24 * 3600
_EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


class Tongue:
    """One language that every page can be read in. `locale` decides the form of dates and digits."""

    def __init__(self, tag: str, name: str, locale: str) -> None:
        self.tag = tag
        self.name = name
        self.locale = Locale.parse(locale)
        self.direction = self.locale.text_direction
        self._eastern = self.locale.default_numbering_system == "arab"

    @cached_property
    def catalogue(self) -> Translations:
        """The messages of this language; English needs none."""
        if self.tag == "en":
            return Translations()
        with (files("api") / "translations" / f"{self.tag}.po").open("rb") as source:
            compiled = BytesIO()
            write_mo(compiled, read_po(source, locale=self.locale))
        compiled.seek(0)
        return Translations(compiled)

    def say(self, message: str, **values: object) -> str:
        """`message` in this language, with `%(name)s` filled in."""
        said = self.catalogue.gettext(message)
        return said % values if values else said

    def digits(self, text: str) -> str:
        """Digits as this language writes them. Not for codes and telephone numbers."""
        return text.translate(_EASTERN) if self._eastern else text

    def number(self, count: int) -> str:
        """A count."""
        return self.digits(str(count))

    def day(self, at: datetime | date, zone: tzinfo | None = None) -> str:
        """As in "2 Apr 2026"."""
        return self.days(at, at, zone)

    def days(self, first: datetime | date, last: datetime | date, zone: tzinfo | None = None) -> str:
        """As in "2-16 Apr 2026", days as they are in `zone`."""
        return self.digits(str(format_interval(_day(first, zone), _day(last, zone), "yMMMd", locale=self.locale)))

    def written_days(self, first: str, last: str) -> str:
        """As `days`, from ISO dates."""
        return self.days(date.fromisoformat(first), date.fromisoformat(last))

    def kilograms(self, weight_g: int) -> str:
        """A weight to a tenth of a kilogram."""
        return self.digits(format_unit(weight_g / 1000, "mass-kilogram", "short", "#,##0.0", locale=self.locale))

    def moment(self, at: datetime, zone: tzinfo) -> str:
        """Day and time of day in `zone`."""
        comma = "، " if self.direction == "rtl" else ", "
        return self.day(at, zone) + comma + self.digits(f"{at.astimezone(zone):%H:%M}")


TONGUES: Mapping[str, Tongue] = {
    "en": Tongue("en", "English", "en_GB"),
    "fr": Tongue("fr", "Français", "fr_FR"),
    "ar": Tongue("ar", "العربية", "ar_EG"),
}


def tongue_of(request: Request[Any, Any, State], *, otherwise: str | None = None) -> Tongue:
    """`?l=`, else the cookie, else `otherwise`, else what the browser asks for, else English."""
    for wanted in (request.query_params.get(COOKIE), request.cookies.get(COOKIE), otherwise):
        if wanted and (found := TONGUES.get(wanted.lower().partition("-")[0])):
            return found
    return next((TONGUES[tag] for tag in _accepted(request) if tag in TONGUES), TONGUES["en"])


def kept_choice(request: Request[Any, Any, State], *, secure: bool) -> list[Cookie]:
    """The cookie that keeps a language chosen by `?l=`; none otherwise."""
    chosen = request.query_params.get(COOKIE)
    if chosen not in TONGUES:
        return []
    return [Cookie(COOKIE, value=chosen, max_age=_YEAR_S, httponly=True, secure=secure, samesite="lax")]


def zone_called(name: str) -> ZoneInfo:
    """An office's time zone."""
    return ZoneInfo(name)


def _accepted(request: Request[Any, Any, State]) -> Iterable[str]:
    ranked = []
    for part in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), tag.lower().partition("-")[0]))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(ranked, key=lambda one: one[0]) if weight < 0]


def _day(at: datetime | date, zone: tzinfo | None) -> date:
    if isinstance(at, datetime):
        return at.astimezone(zone).date()
    return at
