"""UPS's dates and times, which come in pieces: `20260320`, `074700`, `74700`, `07:47:00`, `-05:00`."""

from shipments.tracking.carriers.ups_shapes import Activity, DeliveryTime, Package


def moment_of(activity: Activity) -> tuple[str, str] | None:
    """ISO 8601 to be read, and the pieces as written; None where there is no date.

    GMT goes first, since nothing has to be known for it; then the local time with its offset; then without.
    """
    local_day, local_time = iso_date(activity.date), iso_time(activity.time)
    written = _joined(activity.date, activity.time, activity.gmt_offset)
    day, time = iso_date(activity.gmt_date), iso_time(activity.gmt_time)
    if day and time:
        return f"{day}T{time}Z", written or _joined(activity.gmt_date, activity.gmt_time, "GMT")
    if local_day is None:
        return ("", written) if written else None
    if local_time is None:
        return (local_day, written)
    return f"{local_day}T{local_time}{_iso_offset(activity.gmt_offset)}", written


def _joined(day: str | None, time: str | None, zone: str | None) -> str:
    return " ".join([piece for piece in (day, time, zone) if piece]) if day or time else ""


def iso_date(written: str | None) -> str | None:
    """`20260320` or `2026-03-20` as the latter; whether there is such a day is seen later."""
    digits = written.replace("-", "") if written else ""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and _are_digits(digits) else None


def iso_time(written: str | None) -> str | None:
    """Six digits, with or without colons. Numbers lose their leading zeros: `74700` is 07:47."""
    digits = written.replace(":", "") if written else ""
    if not digits or len(digits) > 6 or not _are_digits(digits):
        return None
    digits = digits.zfill(6)
    return f"{digits[:2]}:{digits[2:4]}:{digits[4:]}"


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
