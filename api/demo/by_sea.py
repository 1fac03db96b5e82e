"""What travels on ships, lorries and planes, or has not left yet, and whose crates. Days count back; all invented."""

from msgspec.structs import replace

from api.demo.ways import Crate, End, Found, Heard, Sailing, Stretch
from shipments.batches.batch import Mode
from shipments.boxes.box import Happened
from shipments.receipts.receipt import Condition
from shipments.tracking.milestones import Milestone

TO_CONAKRY = Stretch("NLRTM", "GNCKY", "plain", "dcsa")
TO_LAGOS = Stretch("NLRTM", "NGAPP", "plain", "dcsa")
TO_POTI = Stretch("NLRTM", "GEPTI", "direct", "dcsa")
TO_SANTOS = Stretch("NLRTM", "BRSSZ", "delayed", "dcsa")

SEA_SAILINGS = (
    Sailing("conakry, received", "GN-CKY", 78, 75, (TO_CONAKRY,)),
    Sailing("lagos, overdue", "NG-LOS", 38, 36, (TO_LAGOS,)),
    Sailing("lagos, silent", "NG-LOS", 30, 27, (replace(TO_LAGOS, voyage="silent"),)),
    Sailing(
        "yerevan, received",
        "AM-EVN",
        52,
        49,
        (TO_POTI, Stretch("GEPTI", "AMEVN", mode=Mode.ROAD)),
        heard=(
            Heard(24, Milestone.IN_TRANSIT, "GEPTI", "Loaded on the lorry"),
            Heard(21, Milestone.ARRIVED_DESTINATION, "AMEVN"),
        ),
    ),
    Sailing(
        "yerevan, disputed",
        "AM-EVN",
        33,
        31,
        (TO_POTI, Stretch("GEPTI", "AMEVN", mode=Mode.ROAD)),
        heard=(
            Heard(6, Milestone.IN_TRANSIT, "GEPTI", "Loaded on the lorry"),
            Heard(3, Milestone.DELIVERED, "AMEVN", "The driver says it was delivered on Tuesday"),
            Heard(2, Milestone.IN_TRANSIT, "GEPTI", "The dispatcher says the lorry is still on the road"),
        ),
    ),
    Sailing("santos, held", "BR-SAO", 24, 20, (replace(TO_SANTOS, voyage="held"),)),
    Sailing("santos, delayed", "BR-SAO", 19, 15, (TO_SANTOS,)),
    Sailing("conakry, at sea", "GN-CKY", 14, 10, (TO_CONAKRY,)),
    Sailing(
        "conakry, by air",
        "GN-CKY",
        9,
        6,
        (Stretch("NLAMS", "GNCKY", mode=Mode.AIR),),
        mode=Mode.AIR,
        heard=(
            Heard(5.5, Milestone.ACCEPTED, "NLAMS"),
            Heard(4, Milestone.IN_TRANSIT, "NLAMS"),
            Heard(1, Milestone.ARRIVED_DESTINATION, "GNCKY", "In the airline's shed"),
        ),
    ),
    Sailing("conakry, waiting", "GN-CKY", 4, None, (TO_CONAKRY,)),
)

SEA_CRATES = (
    # received at Conakry, each with another outcome
    Crate(
        "Ibrahima Exemple", "fr", "GN-CKY", "carpenter", 95, 84, departed=80, sailing="conakry, received", card=True,
        found=Found(46), handed=43,
    ),
    Crate(
        "Aïssatou Exemple", "fr", "GN-CKY", "tailor", 94, 83, departed=81, sailing="conakry, received",
        found=Found(46, missing=1, damaged=1, note="One pair of scissors is not there, one machine fell."),
    ),
    Crate(
        "Mamadou Exemple", "fr", "GN-CKY", "welder", 92, 82, departed=79, sailing="conakry, received",
        found=Found(46, counted=False), unreachable=(40, 33, 20, 8),
    ),
    Crate(
        "Kadiatou Exemple", "fr", "GN-CKY", "hairdresser", 91, 82, departed=80, sailing="conakry, received",
        substitute="Folding chair", found=Found(46), refused=(38, "The neighbours would learn how she came home."),
    ),
    # Lagos: past its date, silent, lost
    Crate("Tunde Example", "en", "NG-LOS", "electrician", 60, 45, departed=41, sailing="lagos, overdue"),
    Crate(
        "Bisi Example", "en", "NG-LOS", "phone-repair", 58, 44, departed=40, sailing="lagos, overdue",
        end=End(3, Happened.LOST, "Not in the container when it was stripped; the terminal has searched."),
    ),
    Crate("Emeka Example", "en", "NG-LOS", "baker", 50, 34, departed=31, sailing="lagos, silent"),
    # Yerevan: by ship and lorry
    Crate(
        "Aram Orinak", "hy", "AM-EVN", "baker", 70, 56, departed=53, sailing="yerevan, received",
        found=Found(19, Condition.DAMAGED, counted=False, note="The crate is broken at one corner."),
    ),
    Crate(
        "Nare Orinak", "hy", "AM-EVN", "phone-repair", 69, 55, departed=54, sailing="yerevan, received",
        found=Found(19, seal="other", surplus="cordless screwdriver"),
    ),
    Crate(
        "Davit Orinak", "hy", "AM-EVN", "electrician", 68, 55, departed=53, sailing="yerevan, received",
        end=End(20, Happened.DESTROYED, "Soaked through on the lorry; nothing could be saved."),
    ),
    Crate("Anush Orinak", "hy", "AM-EVN", "tailor", 50, 36, departed=34, sailing="yerevan, disputed"),
    # Santos: held at customs; delayed; turned back
    Crate("João Exemplo", "pt-BR", "BR-SAO", "fisher", 40, 28, departed=25, sailing="santos, held", card=True),
    Crate("Rita Exemplo", "pt-BR", "BR-SAO", "hairdresser", 36, 23, departed=20, sailing="santos, delayed"),
    Crate(
        "Caio Exemplo", "pt-BR", "BR-SAO", "carpenter", 41, 27, departed=24, sailing="santos, held",
        end=End(1, Happened.RETURNED, "Customs let one crate of two in; the other goes back."),
    ),
    # Conakry: on the way, landed, waiting, packed, open
    Crate("Fanta Exemple", "fr", "GN-CKY", "baker", 30, 18, departed=15, sailing="conakry, at sea", card=True),
    Crate("Sékou Exemple", "fr", "GN-CKY", "fisher", 29, 17, departed=16, sailing="conakry, at sea"),
    Crate("Mariama Exemple", "fr", "GN-CKY", "phone-repair", 24, 11, departed=8, sailing="conakry, by air"),
    Crate("Ousmane Exemple", "fr", "GN-CKY", "welder", 20, 6, sailing="conakry, waiting"),
    Crate("Hawa Exemple", "fr", "GN-CKY", "tailor", 18, 5, departed=3, sailing="conakry, waiting"),
    Crate("Alpha Exemple", "ar", "GN-CKY", "electrician", 12, 3),
    Crate("Chika Example", "en", "NG-LOS", "hairdresser", 9, 2, sealed=False),
    Crate(
        "Femi Example", "en", "NG-LOS", "welder", 35, 24, withdrawn=(21, "Stays, after a new decision."),
        end=End(21, Happened.WITHDRAWN, "The returnee withdrew two days before the flight."),
    ),
    Crate("Lilit Orinak", "hy", "AM-EVN", "fisher", 2),
)  # fmt: skip
