"""The few fixed words of a label, in the language of the office that receives it."""

import msgspec

from shipments.boxes.labels.label import Handling


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """Words of one language. `numbering` takes index and count; `kilograms` takes a number."""

    box: str
    numbering: str
    weight: str
    kilograms: str
    decimal: str
    scan: str
    contact: str
    signs: dict[Handling, str]
    rtl: bool = False

    def box_number(self, index: int, count: int) -> str:
        return self.numbering.format(index, count)

    def kilos(self, weight_g: int | None) -> str:
        """The weight to a tenth of a kilogram, or blanks to fill in by hand."""
        if weight_g is None:
            return self.kilograms.format("____")
        return self.kilograms.format(f"{weight_g / 1000:.1f}".replace(".", self.decimal))


def texts_for(language: str) -> Texts:
    """The words of a language tag such as `pt-BR`; English where we have none of its own."""
    return TEXTS.get(language.replace("_", "-").split("-")[0].lower(), TEXTS["en"])


def _signs(fragile: str, this_way_up: str, keep_dry: str, heavy: str) -> dict[Handling, str]:
    return dict(zip(Handling, (fragile, this_way_up, keep_dry, heavy), strict=True))


TEXTS = {
    "en": Texts(
        box="Box",
        numbering="{} of {}",
        weight="Weight",
        kilograms="{} kg",
        decimal=".",
        scan="Scan to confirm",
        contact="Return contact",
        signs=_signs("Fragile", "This way up", "Keep dry", "Heavy"),
    ),
    "fr": Texts(
        box="Colis",
        numbering="{} sur {}",
        weight="Poids",
        kilograms="{} kg",
        decimal=",",
        scan="Scannez pour confirmer",
        contact="Contact pour le retour",
        signs=_signs("Fragile", "Haut", "Craint l’humidité", "Lourd"),  # noqa: RUF001
    ),
    "pt": Texts(
        box="Caixa",
        numbering="{} de {}",
        weight="Peso",
        kilograms="{} kg",
        decimal=",",
        scan="Escaneie para confirmar",
        contact="Contato para devolução",
        signs=_signs("Frágil", "Este lado para cima", "Manter seco", "Pesado"),
    ),
    "hy": Texts(
        box="Արկղ",
        numbering="{} / {}",
        weight="Քաշ",
        kilograms="{} կգ",
        decimal=",",
        scan="Սկանավորեք՝ հաստատելու համար",  # noqa: RUF001
        contact="Վերադարձի կոնտակտ",
        signs=_signs("Փխրուն", "Այս կողմով վերև", "Պահել չոր", "Ծանր"),
    ),
    "ar": Texts(
        box="صندوق",
        numbering="{} من {}",
        weight="الوزن",
        kilograms="{} كغ",
        decimal=".",
        scan="امسح الرمز للتأكيد",
        contact="جهة الاتصال للإرجاع",
        signs=_signs("قابل للكسر", "هذا الجانب للأعلى", "يحفظ جافًا", "ثقيل"),
        rtl=True,
    ),
}
