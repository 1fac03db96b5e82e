"""The one place that reads the clock. Everywhere else `now` is an argument: aware, UTC."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Now, aware, UTC."""
    return datetime.now(UTC)


def local_date(at: datetime, time_zone: str) -> date:
    """The calendar day on which `at` falls in an office's zone."""
    return at.astimezone(ZoneInfo(time_zone)).date()
