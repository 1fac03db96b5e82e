"""Ship24: trackers, one by one or a hundred at once, and their results, over the practice depot.

The same number with other details is another tracker. What no courier knows yet is pending, not an error.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from api.practice_carrier.limits import Over
from api.practice_carrier.parcel_faults import STRANGER, say
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Json, Reply, json_reply
from api.practice_carrier.ship24_words import NO_NEWS, SPEAKS, tracker_shown
from api.practice_carrier.speaking import Endpoint, Manners, Spoilt, answered, kept
from api.practice_carrier.trackers import Tracker

TRACKERS: Final = "/public/v1/trackers"
MOST: Final = 100
_NUMBER = re.compile(r"[a-zA-Z0-9\-_/.]{5,50}")
_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("validation_error", "The trackingNumber provided seems invalid."),
    401: ("auth_invalid_api_key", "The API key is invalid."),
    403: ("quota_limit_reached", "No more quota left. Please update your plan."),
    404: ("tracker_not_found", "Tracker not found."),
    429: ("too_many_requests", "Too many requests."),
}


def _knows(practice: Practice, asked: Asked) -> bool:
    return asked.headers.get("authorization") == f"Bearer {practice.logins.key}"


def refuse(status: int, headers: Mapping[str, str]) -> Reply:
    """Errors as Ship24 lists them."""
    return json_reply({"errors": [_error(status)], "data": None}, status, headers)


def _error(status: int) -> Json:
    code, message = _ERRORS.get(status, ("internal_error", "Something went wrong."))
    return {"code": code, "message": message}


def _too_many(over: Over) -> Reply:
    left = {"RateLimit-Limit": str(over.allowed), "RateLimit-Remaining": "0", "RateLimit-Reset": str(over.wait_s)}
    return refuse(429, {**left, "Retry-After": str(over.wait_s)})


MANNERS = Manners("ship24", _knows, refuse, _too_many)


def create(practice: Practice, asked: Asked) -> Reply:
    """`POST /public/v1/trackers`: a tracker, without what is known of its parcel."""
    details = _details(asked.body)

    def reply(spoilt: Spoilt) -> Reply:
        if asked.method != "POST" or details is None:
            return refuse(400, {})
        tracker, _ = practice.trackers.make(details, practice.clock.now())
        return json_reply({"data": {"tracker": tracker_shown(tracker, tracker.number)}}, 201)

    return answered(practice, MANNERS, asked, _numbers([details]), reply, "subscribe")


def create_and_track(practice: Practice, asked: Asked) -> Reply:
    """`POST /public/v1/trackers/track`: makes the tracker where there is none, and tells all."""
    details = _details(asked.body)

    def reply(spoilt: Spoilt) -> Reply:
        if asked.method != "POST" or details is None:
            return refuse(400, {})
        tracker, _ = practice.trackers.make(details, practice.clock.now())
        return _results(practice, tracker, spoilt)

    return answered(practice, MANNERS, asked, _numbers([details]), reply)


def bulk(practice: Practice, asked: Asked) -> Reply:
    """`POST /public/v1/trackers/bulk`: up to a hundred; 207 where only some were made."""
    given = _json(asked.body)
    wanted = [_valid(one) for one in given] if isinstance(given, list) else []
    return answered(
        practice, MANNERS, asked, _numbers(wanted), partial(_bulk, practice, asked, given, wanted), "subscribe"
    )


def _bulk(practice: Practice, asked: Asked, given: Json, wanted: Sequence[Json], spoilt: Spoilt) -> Reply:
    if asked.method != "POST" or not 1 <= len(wanted) <= MOST:
        return json_reply({"status": "error", "summary": None, "data": None, "error": _error(400)}, 400)
    made = [_made(practice, told, details) for told, details in zip(given, wanted, strict=True)]
    count = {status: sum(one["itemStatus"] == status for one in made) for status in ("created", "existing", "error")}
    status = "error" if count["error"] == len(made) else "partial" if count["error"] else "success"
    body = {
        "status": status,
        "summary": {
            "totalInputs": len(made),
            "totalCreated": count["created"],
            "totalExisting": count["existing"],
            "totalErrors": count["error"],
        },
        "data": made,
        "error": {"code": "processing_error", "message": "Every item failed."} if status == "error" else None,
    }
    return json_reply(body, {"success": 201, "partial": 207, "error": 400}[status])


def _made(practice: Practice, told: Json, details: Json) -> Json:
    if details is None:
        return {"itemStatus": "error", "inputData": told, "errors": [_error(400)]}
    tracker, is_new = practice.trackers.make(details, practice.clock.now())
    return {
        "itemStatus": "created" if is_new else "existing",
        "inputData": details,
        "tracker": tracker_shown(tracker, tracker.number),
        "errors": None,
    }


def results(practice: Practice, asked: Asked) -> Reply:
    """`GET /public/v1/trackers/{id}/results`."""
    id, _, what = asked.path.removeprefix(f"{TRACKERS}/").partition("/")
    tracker = practice.trackers.find(id) if what == "results" and asked.method == "GET" else None

    def reply(spoilt: Spoilt) -> Reply:
        return refuse(404, {}) if tracker is None else _results(practice, tracker, spoilt)

    return answered(practice, MANNERS, asked, [tracker.number] if tracker else [], reply)


def _results(practice: Practice, tracker: Tracker, spoilt: Spoilt) -> Reply:
    parcels = practice.depot.find("ship24", tracker.number)
    fault = spoilt.get(tracker.number)

    def build(told: Sequence[int]) -> bytes:
        said = [say(SPEAKS, parcel, count, fault) for parcel, count in zip(parcels, told, strict=True)]
        head = {"tracker": tracker_shown(tracker, STRANGER if fault and fault.name == "wrong" else tracker.number)}
        trackings = [head | one if isinstance(one, dict) else one for one in said or [NO_NEWS]]
        return msgspec.json.encode({"data": {"trackings": trackings}})

    if fault is not None:
        return Reply(body=build([parcel.told_by(practice.clock.now()) for parcel in parcels]))
    return Reply(body=kept(practice, f"ship24 {tracker.id}", parcels, build))


def _json(body: bytes) -> Json:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def _details(body: bytes) -> Json:
    return _valid(_json(body))


def _valid(told: Json) -> Json:
    """What was said of a number, or None where it is none, or one made up such as AAAAAA."""
    number = told.get("trackingNumber") if isinstance(told, dict) else None
    return told if isinstance(number, str) and _NUMBER.fullmatch(number) and len(set(number)) > 1 else None


def _numbers(wanted: Sequence[Json]) -> list[str]:
    return [details["trackingNumber"] for details in wanted if details]


ROUTES: Mapping[str, Endpoint] = {
    TRACKERS: create,
    f"{TRACKERS}/bulk": bulk,
    f"{TRACKERS}/track": create_and_track,
    f"{TRACKERS}/": results,
}
