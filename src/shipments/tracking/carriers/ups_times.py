"""UPS's dates and times, which come in pieces: `20260320`, `074700`, `74700`, `07:47:00`, `-05:00`."""

from shipments.tracking.carriers.times import NO_TIME, WrittenTime, written_time
from shipments.tracking.carriers.ups_shapes import Activity, DeliveryTime, Package


def moment_of(activity: Activity, country: str | None) -> tuple[WrittenTime, str]:
    """When it happened, and the pieces as written.

    GMT goes first, since nothing has to be known for it; then the local time with its offset; then without.
    """
    day, time, offset = activity.date, activity.time, activity.gmt_offset
    written = f"{day or ''} {time or ''} {offset or ''}".strip()
    moment = NO_TIME
    if activity.gmt_date and activity.gmt_time:
        moment = written_time(f"{activity.gmt_date}T{_six_digits(activity.gmt_time)}Z", None)
        written = written if day else f"{activity.gmt_date} {activity.gmt_time} GMT"
    if moment.at is None and day:
        moment = written_time(f"{day}T{_six_digits(time)}{_iso_offset(offset)}" if time else day, country)
    return moment, written


def _six_digits(time: str) -> str:
    """Numbers lose their leading zeros: `74700` is 07:47, and so is `7:47`."""
    if ":" in time:
        return "".join(part.zfill(2) for part in time.split(":")).ljust(6, "0")
    return time.zfill(6)


def iso_date(written: str | None) -> str | None:
    """`20260320` or `2026-03-20` as the latter; whether there is such a day is seen later."""
    digits = written.replace("-", "") if written else ""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and _are_digits(digits) else None


def iso_time(written: str | None) -> str | None:
    """Six digits, with or without colons, as `07:47:00`."""
    digits = _six_digits(written) if written else ""
    return f"{digits[:2]}:{digits[2:4]}:{digits[4:]}" if len(digits) == 6 and _are_digits(digits) else None


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _iso_offset(written: str | None) -> str:
    """`-05:00` as it is; nothing where it is none, so that the time counts as without zone."""
    if written is None or len(written) != 6 or written[0] not in "+-" or written[3] != ":":
        return ""
    return written if _are_digits(written[1:3] + written[4:]) else ""


def delivery_expected(package: Package) -> tuple[str, str] | None:
    """Begin and end of the expected delivery, local to the destination, or None.

    The day as rescheduled before the day as scheduled; once UPS gives the day of the delivery, none is expected.
    """
    days = {one.type: iso_date(one.date) for one in package.dates or ()}
    day = days.get("RDD") or days.get("SDD")
    if day is None or "DEL" in days:
        return None
    begins, ends = _hours(package.time)
    return (f"{day}T{begins}" if begins else day), (f"{day}T{ends}" if ends else day)


def _hours(time: DeliveryTime | None) -> tuple[str | None, str | None]:
    """End of day (EOD) and unknown types mean the whole day, a commitment (CMT) any time up to it."""
    if time is None or time.type not in ("CMT", "EDW", "CDW", "IDW"):
        return None, None
    return iso_time(time.start) if time.type != "CMT" else None, iso_time(time.end)
