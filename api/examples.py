"""One example of everything that goes in or comes out, for the OpenAPI document. A test holds each to its type."""

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from api.paging import Page
from api.problems import Problem, title_of

BOX, REQUEST, BATCH, CASE = (
    "BX-7NF6-YY09-38NKR-4",
    "RQ-0C4B-J50S-S8JJG-4",
    "BT-53WY-8H8D-JRFAE-W",
    "CS-478N-HR3C-YHXR6-S",
)
LINE, OTHER = "0195b1a0-3c5e-7a41-9d2b-6f0e8c1d2a3b", "0195b1a0-3c5e-7a42-8b1c-5e4d3c2b1a09"
HOST, ORIGIN = "NL-AMS", "GN-CKY"
MORNING, NOON = "2026-03-02T08:30:00Z", "2026-03-02T12:00:00Z"
_OFFICES = {"host_office": HOST, "origin_office": ORIGIN}
_WAY = {"from_office": HOST, "to_office": ORIGIN, "mode": "sea", "cut_off": "2026-03-09T16:00:00+01:00"}
_LIMITS = {"max_weight_g": 900_000, "max_volume_mm3": 6_000_000_000, "max_boxes": 20}
_PROGRESS = {
    "stage": "on_the_way",
    "exceptions": ["overdue"],
    "expected": {"from": "2026-04-02T00:00:00Z", "to": "2026-04-09T00:00:00Z"},
    "as_of": NOON,
}
_LEG = {
    "carrier": "by_hand",
    "reference_type": "other",
    "reference": "PRCU1234567",
    "from_place": "NLRTM",
    "to_place": "GNCKY",
    "mode": "sea",
    "planned_departure": NOON,
    "planned_arrival": "2026-03-30T12:00:00Z",
}
_ARRIVAL = {"from": "2026-03-30T12:00:00Z", "to": "2026-04-03T12:00:00Z", "source": "history", "journeys": 14}
_LEG_VIEW = {"id": OTHER, "position": 1, **_LEG, "account": None, "expected": _ARRIVAL, "trouble": None}
_REQUEST = {
    "code": REQUEST,
    "case": CASE,
    **_OFFICES,
    "asked_at": MORNING,
    "needed_by": "2026-05-01",
    "state": "answered",
}
_CASE = {
    "code": CASE,
    **_OFFICES,
    "language": "fr",
    "opened_at": MORNING,
    "planned_departure": "2026-04-01",
}
_BOX_ROW = {
    "code": BOX,
    **_OFFICES,
    "batch": BATCH,
    "gross_weight_g": 12_500,
    "progress": _PROGRESS,
}
_BOX_LINE = {
    "id": OTHER,
    "request_line": LINE,
    "description": "Hammer",
    "quantity": 2,
    "good": None,
    "damaged": None,
    "missing": None,
    "handed_over": 0,
}
_ACCOUNT = {"account": "dhl-ams", "carrier": "dhl", "office": HOST}
_LEDGER = {
    "since": "2026-02-24",
    "until": "2026-03-02",
    "at": NOON,
    "where_calls_went": [
        {
            **_ACCOUNT,
            "per_day": 250,
            "made": 3,
            "legs": 3,
            "news": 2,
            "size": 5_120,
            "nothing_new": 2,
            "never_ended": 0,
            "news_per_call": 0.67,
            "ended": [
                {"kind": "track", "outcome": "nothing_new", "calls": 2, "legs": 2, "news": 0, "size": 2_048},
                {"kind": "track", "outcome": "news", "calls": 1, "legs": 1, "news": 2, "size": 3_072},
            ],
            "days": [{"day": "2026-03-02", "calls": 3, "news": 2}],
            "busiest": [{"batch": BATCH, "leg": 1, "asked": 2, "news": 2}],
            "others": {"legs": 1, "asked": 1},
            "pushes": {
                "waiting": 0,
                "parked": 0,
                "heard": 1,
                "unreadable": 1,
                "news": 1,
                "trouble": "The DCSA answer is JSON, but not a list of events.",
            },
        }
    ],
    "put_off": [
        {
            **_ACCOUNT,
            "is_known": True,
            "stopped": None,
            "paused_until": None,
            "paused_why": None,
            "failures": 0,
            "failed_last": None,
            "today": 250,
            "per_day": 250,
            "per_leg_per_day": 10,
            "resets_at": "2026-03-03T00:00:00Z",
            "legs": 12,
            "waiting": [{"why": "day_spent", "legs": 12, "due_since": MORNING, "until": "2026-03-03T00:00:00Z"}],
            "late": {"asked": 3, "late": 1, "by_an_hour": 1, "worst_s": 5_400, "mean_s": 1_820},
        }
    ],
    "tomorrow": [
        {
            **_ACCOUNT,
            "stopped": None,
            "paused_until": NOON,
            "legs": 40,
            "new": 2,
            "failing": 1,
            "per_call": 1,
            "wanted": 300,
            "per_day": 250,
            "most": 250,
            "left": -50,
            "shares": [
                {"urgency": "near_a_change", "legs": 10, "wanted": 100, "given": 100},
                {"urgency": "under_way", "legs": 30, "wanted": 200, "given": 150},
            ],
        }
    ],
}

EXAMPLES: Mapping[str, Any] = {  # Any: JSON
    "CaseAsked": {
        **_OFFICES,
        "language": "fr",
        "planned_departure": None,
        "name": "Mamadou Example",
        "contact": {"phone": "+224 600 00 00 00", "email": "mamadou@example.org"},
        "outside_references": ["A-1029"],
    },
    "CaseChange": {"language": "en", "contact": {"phone": "+224 600 00 00 01"}},
    "OnDay": {"at": "2026-03-02"},
    "Withdrawn": {"at": "2026-03-02", "reason": "Stays for a course."},
    "ConsentGiven": {"kind": "written", "purpose": "Sharing the delivery date with a sister", "at": "2026-03-02"},
    "RequestAsked": {
        "case": CASE,
        "lines": [{"description": "Claw hammer", "quantity": 2, "declared_value_eur": 24.0}],
        "needed_by": "2026-05-01",
    },
    "Approval": {"lines": [{"line": LINE, "approved_quantity": 1, "reason": "One is left in stock."}]},
    "Because": {"reason": "Not part of the plan."},
    "BoxRegistered": {"origin_office": ORIGIN, "length_mm": 600, "width_mm": 400, "height_mm": 400},
    "Packing": {"lines": [{"request_line": LINE, "quantity": 2}]},
    "Checked": {
        "wood": "plywood",
        "hazards": {"fuel": False, "gas": False, "aerosol": False, "glue": False, "battery_wh": 0},
        "electrical": [],
    },
    "Sealed": {"gross_weight_g": 12_500, "seal_number": "S001234"},
    "Reopened": {"reason": "One more tool goes in."},
    "Ended": {"how": "lost", "at": NOON, "reason": "The carrier's letter of 1 March says so."},
    "BatchPlanned": {**_WAY, "limits": _LIMITS},
    "BatchChange": {"cut_off": "2026-03-10T16:00:00+01:00", "limits": _LIMITS},
    "BoxesToAdd": {"boxes": [BOX]},
    "LegPlanned": _LEG,
    "AccountChosen": {"account": "dhl-utrecht"},
    "DispatchAsked": {"at": None, "override": {"gate": "departed", "reason": "Flies tonight."}},
    "Told": {"milestone": "in_transit", "occurred_at": NOON, "place": "NLRTM", "note": "Loaded this morning."},
    "Arrived": {
        "id": "7d9f3a52-1f8e-4d7e-9a58-0d6f5f0f9b11",
        "box": BOX,
        "arrived_at": NOON,
        "condition": "good",
        "seal_number": "S001234",
        "lines": [{"box_line": OTHER, "good": 1, "damaged": 0, "missing": 1}],
        "surplus": [{"description": "A blanket", "quantity": 1}],
        "note": "One hammer is missing.",
    },
    "HandedOver": {
        "id": "2b1de1a4-3f57-4f39-8d5d-5f1e3f7f2c77",
        "box": BOX,
        "at": NOON,
        "to": "proxy",
        "identity_checked": True,
        "authority": "A signed letter of 1 March",
        "lines": [{"box_line": OTHER, "quantity": 1}],
    },
    "Explained": {"text": "Found in the van.", "settled": True},
    "Tried": {"reached": False, "note": "Nobody answered the telephone."},
    "CaseView": {
        **_CASE,
        "departed_on": None,
        "withdrawn_on": None,
        "has_card": True,
        "version": 3,
        "personal": None,
    },
    "CaseRow": _CASE,
    "CardView": {"url": "HTTPS://BOXES.EXAMPLE.ORG/C/0123456789ABCDEFGHJKMNPQRS", "pin": "000000"},
    "RequestView": {
        **_REQUEST,
        "lines": [
            {
                "id": LINE,
                "item": None,
                "kit": None,
                "description": "Claw hammer",
                "quantity": 2,
                "declared_value_eur": 24.0,
                "answer": "short",
                "approved_quantity": 1,
                "substitute": None,
                "reason": "One is left in stock.",
                "packed_quantity": 0,
            }
        ],
    },
    "RequestRow": _REQUEST,
    "BoxView": {
        **_BOX_ROW,
        "length_mm": 600,
        "width_mm": 400,
        "height_mm": 400,
        "seal_number": "S001234",
        "sealed_at": NOON,
        "registered_at": MORNING,
        "contradictions": [],
        "lines": [_BOX_LINE],
        "open_checks": [],
        "version": 4,
    },
    "BoxRow": _BOX_ROW,
    "Fact": {
        "id": OTHER,
        "what": "departed",
        "source": "dcsa",
        "occurred_at": MORNING,
        "heard_at": NOON,
        "as_written": "2026-03-02T09:30:00+01:00",
        "classifier": "ACT",
        "milestone": "in_transit",
        "place": "NLRTM",
        "raw_code": "DEPA",
    },
    "BatchView": {
        **_WAY,
        "code": BATCH,
        "limits": _LIMITS,
        "dispatched_at": None,
        "boxes": [BOX],
        "legs": [_LEG_VIEW],
        "gates": [{"gate": "seals", "reason": f"{BOX} is not sealed."}],
        "papers": "No rules are known for this country: ask the office which papers it needs.",
        "progress": _PROGRESS,
        "version": 2,
    },
    "BatchRow": {**_WAY, "code": BATCH, "dispatched_at": NOON, "progress": _PROGRESS},
    "LegView": _LEG_VIEW,
    "EventView": {
        "id": OTHER,
        "classifier": "ACT",
        "occurred_at": NOON,
        "occurred_as_written": NOON,
        "tz_known": True,
        "heard_at": NOON,
        "milestone": "in_transit",
        "event": None,
        "reason": None,
        "raw_code": "in_transit",
        "raw_text": "Loaded this morning.",
        "place": "NLRTM",
        "unlocode": "NLRTM",
        "corrects_id": None,
    },
    "ReceiptView": {
        "id": OTHER,
        "box": BOX,
        "arrived_at": MORNING,
        "heard_at": NOON,
        "condition": "good",
        "counted": True,
        "progress": _PROGRESS,
    },
    "HandoverView": {
        "id": OTHER,
        "box": BOX,
        "at": MORNING,
        "heard_at": NOON,
        "to": "returnee",
        "refused": None,
        "progress": _PROGRESS,
    },
    "DiscrepancyView": {
        "receipt": OTHER,
        "line": LINE,
        "description": "Claw hammer",
        "missing": 1,
        "damaged": 0,
        "surplus": 0,
        "explanations": [{"text": "Found in the van.", "settled": True, "heard_at": NOON}],
    },
    "Ledger": _LEDGER,
    "Said": {"text": "Found in the van.", "settled": True, "heard_at": NOON},
    "ProgressView": _PROGRESS,
    "dict": {"status": "ready"},
}

_REFUSALS = {
    400: ("Invalid", "length_mm: expected `int`, got `str`"),
    401: ("NotSignedIn", "Sign in, or send a valid API key as 'Authorization: Bearer KEY'."),
    403: ("NotAllowed", "Your role does not include this. Ask an administrator."),
    404: ("NotFound", f"There is no box '{BOX}' that you can see. Check the code."),
    409: ("WrongState", f"Box {BOX} is sealed with S001234. Reopen it first."),
    412: ("VersionStale", "It was changed since you read it. Read it again, then repeat your change."),
    413: ("TooLarge", "Request Entity Too Large"),
    415: ("UnsupportedMediaType", "Send the body as application/json in UTF-8."),
    422: ("KeyReused", "This Idempotency-Key was used before with another request. Send a new key for a new request."),
    428: ("VersionMissing", "Send If-Match with the ETag you read, so that nobody's change is overwritten."),
    429: ("TooManyAttempts", "Too many attempts. Wait 60 seconds, then try again."),
    503: ("Unavailable", "The database is busy. Nothing was stored; send the same request again."),
}


def example_of(kind: Any) -> Any:  # Any: a type annotation, and JSON
    """What one of `kind` looks like; None where nobody gave an example, which a test refuses."""
    origin = get_origin(kind) or kind
    if origin is Page:
        return {"items": [example_of(get_args(kind)[0])], "next_cursor": "AZWxoDxeekGdK28OjB0qOw"}
    if origin is list:
        return [example_of(get_args(kind)[0])]
    return EXAMPLES.get(origin.__name__)


def problem_of(status: int) -> Problem:
    """A refusal with this status."""
    name, detail = _REFUSALS[status]
    problem = Problem(f"urn:shipments:problem:{name}", title_of(name), status, detail)
    if status == 400:
        problem.errors = [{"field": "length_mm", "expected": "expected `int`, got `str`"}]
    if status == 409:
        problem.state, problem.expected = "sealed", "open"
    return problem
