"""What every request needs, made once at start."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from shipments.clock import utc_now
from shipments.database import Database
from shipments.sealing import KeyRing
from shipments.settings import Settings

T = TypeVar("T")


class Wiring:
    """One installation, ready: its settings, database, keys and clock."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.database = Database.at(settings.database_url)
        self.ring: KeyRing = settings.ring
        self.clock = clock
        self.idle = timedelta(minutes=settings.session_idle_minutes)
        self.absolute = timedelta(hours=settings.session_hours)
        self.cookie = "__Host-sign-in" if settings.secure_cookies else "sign-in"

    async def off_loop(self, look: Callable[[], T]) -> T:
        """Runs a short read: at once where the database is in this process, else on a thread."""
        return look() if self.database.local else await asyncio.to_thread(look)
