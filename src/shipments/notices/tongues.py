"""A language that people read: its words, dates and digits. Each part of the house brings its own catalogues."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import cached_property
from importlib.abc import Traversable
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.dates import format_interval
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from babel.units import format_unit

NEWS_CATALOGUES = files("shipments.notices") / "translations"
_FSI, _PDI = "\u2068", "\u2069"
_EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


class Tongue:
    """One language. `locale` decides the form of dates and digits, `catalogues` are folders of `{tag}.po`."""

    def __init__(self, tag: str, name: str, locale: str, catalogues: tuple[Traversable, ...] = ()) -> None:
        self.tag = tag
        self.name = name
        self.locale = Locale.parse(locale)
        self.direction = self.locale.text_direction
        self._catalogues = catalogues
        self._eastern = self.locale.default_numbering_system == "arab"

    def with_words(self, *catalogues: Traversable) -> "Tongue":
        """The same language, that knows these words too."""
        return Tongue(self.tag, self.name, str(self.locale), (*self._catalogues, *catalogues))

    @cached_property
    def catalogue(self) -> Translations:
        """The messages of this language; English needs none."""
        if self.tag == "en":
            return Translations()
        found, *others = (_compiled(folder / f"{self.tag}.po", self.locale) for folder in self._catalogues)
        for other in others:
            found.merge(other)
        return found

    def say(self, message: str, **values: object) -> str:
        """`message` in this language, with `%(name)s` filled in."""
        said = self.catalogue.gettext(message)
        return said % values if values else said

    def digits(self, text: str) -> str:
        """Digits as this language writes them. Not for codes and telephone numbers."""
        return text.translate(_EASTERN) if self._eastern else text

    def together(self, said: Sequence[str]) -> str:
        """As in "one, two and three"."""
        return str(format_list(said, locale=self.locale))

    def apart(self, word: str) -> str:
        """Somebody else's word on one line, which keeps its own direction where the language runs the other way."""
        line = " ".join(word.split())
        return f"{_FSI}{line}{_PDI}" if self.direction == "rtl" else line

    def number(self, count: int) -> str:
        """A count, as in "1,250"."""
        grouped = format_decimal(count, "#,##0", locale=self.locale)
        return self.digits(grouped.replace(",", "٬") if self._eastern else grouped)

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
    tag: Tongue(tag, name, locale, (NEWS_CATALOGUES,))
    for tag, name, locale in (("en", "English", "en_GB"), ("fr", "Français", "fr_FR"), ("ar", "العربية", "ar_EG"))
}


def spoken(tag: str) -> str | None:
    """The tongue that serves a language tag such as `fr` or `fr-CA`; None: we do not speak it."""
    base = tag.lower().replace("_", "-").partition("-")[0]
    return base if base in TONGUES else None


def _compiled(source: Traversable, locale: Locale) -> Translations:
    with source.open("rb") as opened:
        compiled = BytesIO()
        write_mo(compiled, read_po(opened, locale=locale))
    compiled.seek(0)
    return Translations(compiled)


def _day(at: datetime | date, zone: tzinfo | None) -> date:
    if isinstance(at, datetime):
        return at.astimezone(zone).date()
    return at
