"""One box on its way through the API, as far as a test needs it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.api.world import HOST, ORIGIN, World

Json = dict[str, Any]  # Any: JSON
NAME, PHONE, EMAIL, REFERENCE = "Canary Example Diallo", "+224 600 55 01 77", "canary@example.org", "CANARY-REF-1"
NO_HAZARDS = {"fuel": False, "gas": False, "aerosol": False, "glue": False, "battery_wh": 0}
BOX = {"origin_office": ORIGIN, "length_mm": 600, "width_mm": 400, "height_mm": 400}
CASE = {
    "host_office": HOST,
    "origin_office": ORIGIN,
    "language": "fr",
    "name": NAME,
    "contact": {"phone": PHONE, "email": EMAIL},
    "outside_references": [REFERENCE],
}
BATCH = {"from_office": HOST, "to_office": ORIGIN, "mode": "sea"}
LEG = {
    "carrier": "by_hand",
    "reference_type": "other",
    "reference": "PRCU1234567",
    "from_place": "NLRTM",
    "to_place": "GNCKY",
}


def today() -> str:
    """As a date."""
    return datetime.now(UTC).date().isoformat()


def moments_ago(minutes: float = 0.0) -> str:
    """As a time with its offset."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def a_case(world: World, **what: object) -> Json:
    found: Json = world.counsellor.post("/api/v1/cases", {**CASE, **what}).ok(201)
    return found


def an_approved_request(world: World, case: str, quantity: int = 2) -> Json:
    lines = [{"description": "hammer", "quantity": quantity, "declared_value_eur": 24}]
    asked: Json = world.counsellor.post("/api/v1/requests", {"case": case, "lines": lines}).ok(201)
    world.logistician.post(f"/api/v1/requests/{asked['code']}/approve").ok()
    return asked


def a_box(world: World) -> Json:
    found: Json = world.logistician.post("/api/v1/boxes", BOX).ok(201)
    return found


def a_batch(world: World, **what: object) -> Json:
    found: Json = world.logistician.post("/api/v1/batches", {**BATCH, **what}).ok(201)
    return found


def a_sealed_box(world: World, case: str, quantity: int = 2) -> Json:
    """Packed with a request's only line, checked, sealed; with `request` and `request_line`."""
    request = an_approved_request(world, case, quantity)
    line, box = request["lines"][0]["id"], a_box(world)["code"]
    as_ = world.logistician
    as_.post(f"/api/v1/boxes/{box}/pack", {"lines": [{"request_line": line, "quantity": quantity}]}).ok()
    as_.post(f"/api/v1/boxes/{box}/checks", {"wood": "plywood", "hazards": NO_HAZARDS}).ok()
    sealed: Json = as_.post(f"/api/v1/boxes/{box}/seal", {"gross_weight_g": 12_500, "seal_number": "S1"}).ok()
    return {**sealed, "request": request["code"], "request_line": line}


def departed(world: World) -> Json:
    """A box on the way: `case`, `request`, `box`, `line` (of the box), `batch`, `leg`."""
    case = a_case(world)["code"]
    world.counsellor.post(f"/api/v1/cases/{case}/departed", {"at": today()}).ok()
    box = a_sealed_box(world, case)
    batch = a_batch(world)["code"]
    as_ = world.logistician
    as_.post(f"/api/v1/batches/{batch}/boxes", {"boxes": [box["code"]]}).ok()
    leg = as_.post(f"/api/v1/batches/{batch}/legs", LEG).ok(201)["id"]
    as_.post(f"/api/v1/batches/{batch}/dispatch").ok()
    return {
        "case": case,
        "request": box["request"],
        "request_line": box["request_line"],
        "box": box["code"],
        "line": box["lines"][0]["id"],
        "batch": batch,
        "leg": leg,
    }


def a_receipt(box: str, **what: object) -> Json:
    return {"id": str(uuid4()), "box": box, "arrived_at": moments_ago(), "condition": "good", **what}


def a_handover(box: str, **what: object) -> Json:
    return {
        "id": str(uuid4()),
        "box": box,
        "at": moments_ago(),
        "to": "returnee",
        "identity_checked": True,
        **what,
    }
