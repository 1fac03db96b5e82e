"""A worker to measure: one look for due legs each time a line comes in, and a line out when it is done."""

import asyncio
import sys

from jobs.starting import loading

with loading():
    from jobs.polling import Poller
    from shipments.database import Database
    from shipments.settings import Settings


async def _looks() -> None:
    settings = Settings()
    database = Database.at(settings.database_url)
    poller = Poller(database, settings)
    with database.reading() as session:  # its line to the database is open before anybody counts
        session.connection()
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        done = await poller.round()
        print(done.asked, flush=True)
    await poller.close()
    database.close()


if __name__ == "__main__":
    asyncio.run(_looks())
