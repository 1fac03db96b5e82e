"""Once a day: how long lanes take and how quiet they are, from the journeys that ended meanwhile."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from shipments.database import Database
from shipments.offices.scope import EVERYWHERE
from shipments.progress.gathering import in_portions
from shipments.tracking.lanes.learning import Changed, changed_lanes, tell_boxes, write_lanes
from shipments.transaction import perform, reading

log = logging.getLogger(__name__)
LANES_AT_A_TIME, BOXES_AT_A_TIME = 500, 500  # others want to write too


class Learner:
    """Looks while others write, and then writes a little at a time. What one left undone the next one does."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    async def round(self) -> int:
        """Returns how many lanes changed."""
        changed = await asyncio.to_thread(self._look)
        for portion in in_portions(changed, LANES_AT_A_TIME):
            await asyncio.to_thread(self._keep, portion)
        while await asyncio.to_thread(self._tell):
            pass
        log.info("learned of %d lanes", len(changed))
        return len(changed)

    def _look(self) -> list[Changed]:
        with reading(self._database, EVERYWHERE) as session:
            return changed_lanes(session)

    def _keep(self, changed: Sequence[Changed]) -> None:
        now = self._clock()
        perform(self._database, EVERYWHERE, lambda session: write_lanes(session, changed, now=now), now=now)

    def _tell(self) -> bool:
        now = self._clock()
        work = partial(tell_boxes, most=BOXES_AT_A_TIME)
        return perform(self._database, EVERYWHERE, work, now=now)
