"""Ship24's trackers by the hundred: `POST /public/v1/trackers/bulk`, which answers for each of them by itself.

Its calls count for a limit of their own, three a second, and not for the one of all others.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from api.practice_carrier.limits import Over
from api.practice_carrier.parcel_faults import STRANGER
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Json, Reply, json_reply
from api.practice_carrier.ship24_words import decoded, error_shown, knows, left_of, number_said, tracker_shown, valid
from api.practice_carrier.speaking import Manners, Spoilt, answered

MOST: Final = 100


def _refuse(status: int, headers: Mapping[str, str]) -> Reply:
    """The whole call, in the words that a bulk answer has for it."""
    return json_reply({"status": "error", "summary": None, "data": None, "error": error_shown(status)}, status, headers)


def _too_many(over: Over) -> Reply:
    return _refuse(400, {}) if over.what == "numbers" else _refuse(429, left_of(over))


MANNERS = Manners("ship24", knows, _refuse, _too_many, limited_as="ship24_bulk")


def bulk(practice: Practice, asked: Asked) -> Reply:
    """Up to a hundred; 207 where only some were made, 400 where none was."""
    given = decoded(asked.body)
    wanted = given if isinstance(given, list) else []
    numbers = [number_said(one) for one in wanted]
    return answered(practice, MANNERS, asked, numbers, partial(_bulk, practice, asked, wanted), "subscribe")


def _bulk(practice: Practice, asked: Asked, wanted: Sequence[Json], spoilt: Spoilt) -> Reply:
    if asked.method != "POST" or not 1 <= len(wanted) <= MOST:
        return _refuse(400, {})
    made = [_made(practice, told) for told in wanted]
    count = {status: sum(one["itemStatus"] == status for one in made) for status in ("created", "existing", "error")}
    status = "error" if count["error"] == len(made) else "partial" if count["error"] else "success"
    faults = [spoilt.get(number_said(told)) for told in wanted]
    body = {
        "status": status,
        "summary": {
            "totalInputs": len(made),
            "totalCreated": count["created"],
            "totalExisting": count["existing"],
            "totalErrors": count["error"],
        },
        "data": [SPOIL.get(fault.name, _same)(one) if fault else one for fault, one in zip(faults, made, strict=True)],
        "error": {"code": "processing_error", "message": "Every item failed."} if status == "error" else None,
    }
    return json_reply(body, {"success": 201, "partial": 207, "error": 400}[status])


def _made(practice: Practice, told: Json) -> Json:
    if valid(told) is None:
        return {"itemStatus": "error", "inputData": told, "errors": [error_shown(400)]}
    tracker, is_new = practice.trackers.make(told, practice.clock.now())
    return {
        "itemStatus": "created" if is_new else "existing",
        "inputData": told,
        "tracker": tracker_shown(tracker, tracker.number),
        "errors": None,
    }


def _same(item: Json) -> Json:
    return item


SPOIL: Mapping[str, Callable[[Json], Json]] = {
    "malformed": lambda item: 7,
    "missing": lambda item: {"itemStatus": item["itemStatus"]},
    "nulls": lambda item: dict.fromkeys(item),
    "unknown_code": lambda item: item | {"itemStatus": "levitated"},
    "wrong": lambda item: item | {"inputData": {"trackingNumber": STRANGER}},
    "wrong_types": lambda item: item | {"tracker": "a tracker", "inputData": [7]},
}
"""What is said of one number although its tracker was made; other faults of what is said have no meaning here."""
