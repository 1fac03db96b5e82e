"""Ship24: trackers, one by one or a hundred at once, and their results, over the practice depot.

The same number with other details is another tracker. What no courier knows yet is pending, not an error.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from api.practice_carrier.limits import Over
from api.practice_carrier.parcel_faults import STRANGER, say
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Json, Reply, json_reply
from api.practice_carrier.ship24_bulk import bulk
from api.practice_carrier.ship24_words import (
    NO_NEWS,
    NOT_UPDATABLE,
    SPEAKS,
    decoded,
    error_shown,
    knows,
    left_of,
    tracker_shown,
    valid,
)
from api.practice_carrier.speaking import Endpoint, Manners, Spoilt, answered, kept
from api.practice_carrier.trackers import Tracker

TRACKERS: Final = "/public/v1/trackers"


def refuse(status: int, headers: Mapping[str, str]) -> Reply:
    """Errors as Ship24 lists them."""
    return json_reply({"errors": [error_shown(status)], "data": None}, status, headers)


def _too_many(over: Over) -> Reply:
    return refuse(429, left_of(over))


MANNERS = Manners("ship24", knows, refuse, _too_many)


def create(practice: Practice, asked: Asked) -> Reply:
    """`POST /public/v1/trackers`: a tracker, without what is known of its parcel."""
    details = _details(asked.body)

    def reply(spoilt: Spoilt) -> Reply:
        if asked.method != "POST" or details is None:
            return refuse(400, {})
        made, _ = practice.trackers.make(details, practice.clock.now())
        return json_reply({"data": {"tracker": tracker_shown(made, made.number)}}, 201)

    return answered(practice, MANNERS, asked, _numbers(details), reply, "subscribe")


def create_and_track(practice: Practice, asked: Asked) -> Reply:
    """`POST /public/v1/trackers/track`: makes the tracker where there is none, and tells all."""
    details = _details(asked.body)

    def reply(spoilt: Spoilt) -> Reply:
        if asked.method != "POST" or details is None:
            return refuse(400, {})
        made, _ = practice.trackers.make(details, practice.clock.now())
        return _results(practice, made, spoilt)

    return answered(practice, MANNERS, asked, _numbers(details), reply)


def tracker(practice: Practice, asked: Asked) -> Reply:
    """`PATCH /public/v1/trackers/{id}`, and `GET …/results`."""
    id, _, what = asked.path.removeprefix(f"{TRACKERS}/").partition("/")
    found = practice.trackers.find(id)
    numbers = [found.number] if found else []
    if asked.method == "PATCH" and not what:
        return answered(practice, MANNERS, asked, numbers, lambda _: _changed(practice, found, asked), "subscribe")

    def reply(spoilt: Spoilt) -> Reply:
        is_read = found is not None and what == "results" and asked.method == "GET"
        return _results(practice, found, spoilt) if found and is_read else refuse(404, {})

    return answered(practice, MANNERS, asked, numbers, reply)


def _changed(practice: Practice, found: Tracker | None, asked: Asked) -> Reply:
    """Only that it shall be followed no more: the rest cannot be changed once a parcel has been found."""
    if found is None:
        return refuse(404, {})
    if decoded(asked.body) != {"isSubscribed": False}:
        return json_reply({"errors": [NOT_UPDATABLE], "data": None}, 400)
    ended = practice.trackers.end(found.id, practice.clock.now())
    shown = tracker_shown(ended, ended.number)
    return json_reply(shown | {"data": {"tracker": shown}})  # where the schema has it, and where its example does


def _results(practice: Practice, tracker: Tracker, spoilt: Spoilt) -> Reply:
    parcels = practice.depot.find("ship24", tracker.number)
    fault = spoilt.get(tracker.number)

    def build(told: Sequence[int]) -> bytes:
        said = [say(SPEAKS, parcel, count, fault) for parcel, count in zip(parcels, told, strict=True)]
        head = {"tracker": tracker_shown(tracker, STRANGER if fault and fault.name == "wrong" else tracker.number)}
        trackings = [head | one if isinstance(one, dict) else one for one in said or [NO_NEWS]]
        return msgspec.json.encode({"data": {"trackings": trackings}})

    if fault is not None or tracker.ended_at is not None:
        known_at = tracker.ended_at or practice.clock.now()
        return Reply(body=build([parcel.told_by(known_at) for parcel in parcels]))
    return Reply(body=kept(practice, f"ship24 {tracker.id}", parcels, build))


def _details(body: bytes) -> Json:
    return valid(decoded(body))


def _numbers(details: Json) -> list[str]:
    return [details["trackingNumber"]] if details else []


ROUTES: Mapping[str, Endpoint] = {
    TRACKERS: create,
    f"{TRACKERS}/bulk": bulk,
    f"{TRACKERS}/track": create_and_track,
    f"{TRACKERS}/": tracker,
}
