"""What travels as parcels, with four carriers and their traps, and whose crates. Days count back; all invented."""

from api.demo.ways import Crate, Days, Sailing, Stretch
from shipments.batches.batch import Mode

HOUR: Days = 1 / 24


def _parcel(
    name: str,
    office: str,
    left: Days,
    carrier: str,
    to_place: str,
    story: str | None,
    *,
    days: Days = 9,
    used_before: str | None = None,
) -> Sailing:
    """Planned a day before it left, or as long before as it travels."""
    way = Stretch("NLAMS", to_place, story, carrier, Mode.COURIER, days, used_before)
    return Sailing(name, office, left + min(1.0, days), left, (way,), Mode.COURIER)


PARCEL_SAILINGS = (
    _parcel("conakry, delivered to the agent", "GN-CKY", 9.5, "dhl", "GNCKY", "plain"),
    _parcel("conakry, under way", "GN-CKY", 3.2, "dhl", "GNCKY", "plain"),
    _parcel("yerevan, number used before", "AM-EVN", 4, "dhl", "AMEVN", "plain", used_before="BRSAO"),
    _parcel("lagos, held at customs", "NG-LOS", 6.5, "ups", "NGLOS", "held"),
    _parcel("lagos, moving as you look", "NG-LOS", HOUR / 2, "ups", "NGLOS", "plain", days=HOUR),
    _parcel("são paulo, a date that moved", "BR-SAO", 5, "fedex", "BRSAO", "delayed"),
    _parcel("lagos, returned after delivery", "NG-LOS", 15.5, "fedex", "NGLOS", "returned_after_delivery"),
    _parcel("são paulo, out for delivery", "BR-SAO", 8, "ship24", "BRSAO", "plain"),
    _parcel("yerevan, not found yet", "AM-EVN", 1.2, "ship24", "AMEVN", None),
)

PARCEL_CRATES = (
    Crate(
        "Sira Exemple", "fr", "GN-CKY", "phone-repair", 22, 13, departed=12, sailing="conakry, delivered to the agent"
    ),
    Crate("Lansana Exemple", "fr", "GN-CKY", "electrician", 16, 8, departed=6, sailing="conakry, under way"),
    Crate("Karine Orinak", "hy", "AM-EVN", "hairdresser", 17, 8, departed=7, sailing="yerevan, number used before"),
    Crate("Amaka Example", "en", "NG-LOS", "phone-repair", 21, 10, departed=9, sailing="lagos, held at customs"),
    Crate("Obinna Example", "en", "NG-LOS", "baker", 15, 4, departed=2, sailing="lagos, moving as you look"),
    Crate("Ana Exemplo", "pt-BR", "BR-SAO", "tailor", 19, 9, departed=7, sailing="são paulo, a date that moved"),
    Crate("Zainab Example", "en", "NG-LOS", "tailor", 33, 19, departed=18, sailing="lagos, returned after delivery"),
    Crate(
        "Miguel Exemplo", "pt-BR", "BR-SAO", "electrician", 23, 12, departed=10, sailing="são paulo, out for delivery"
    ),
    Crate("Gor Orinak", "hy", "AM-EVN", "carpenter", 14, 5, departed=3, sailing="yerevan, not found yet"),
)
"""Each alone in its batch: a courier's number is one parcel's."""
