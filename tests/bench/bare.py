"""The limit: bare Litestar handlers that do the same amount of work with nothing of ours in between.

The handlers call the driver on the event loop: with one writer at a time nothing is faster.
"""

import argparse
import os
import sqlite3
from base64 import b64decode
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import uvicorn
from litestar import Litestar, Response, get, post
from litestar.datastructures import State

PLAN = "BENCH_PLAN"


class Plan(msgspec.Struct, frozen=True):
    """What is to be measured against. `pages`: language → base64 of what the card page answers."""

    database: str
    pages: dict[str, str]
    list_sql: str
    list_values: list[Any]  # Any: what the driver was given


def create_app(plan: Plan, folder: Path) -> Litestar:
    """One process with an open database of its own for writing, and the programme's for reading."""
    written = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        written.execute(f"PRAGMA {pragma}")
    written.execute("CREATE TABLE IF NOT EXISTS row (id BLOB PRIMARY KEY, body TEXT NOT NULL)")
    read = sqlite3.connect(plan.database)
    read.row_factory = sqlite3.Row
    pages = {language: b64decode(page) for language, page in plan.pages.items()}

    @get("/page/{language:str}")
    async def page(language: str) -> Response[bytes]:
        return Response(pages[language], media_type="text/html; charset=utf-8")

    @get("/boxes")
    async def boxes() -> bytes:
        return msgspec.json.encode([dict(row) for row in read.execute(plan.list_sql, plan.list_values)])

    @post("/rows/{count:int}")
    async def rows(count: int, data: dict[str, Any]) -> bytes:  # Any: JSON
        answer = msgspec.json.encode(data)
        written.execute("BEGIN IMMEDIATE")
        for _ in range(count):
            written.execute("INSERT INTO row VALUES (?, ?)", (uuid4().bytes, answer[:150].decode()))
        written.execute("COMMIT")
        return answer

    return Litestar([page, boxes, rows], state=State(), openapi_config=None, logging_config=None)


def main() -> None:
    """Serves as `shipments serve` does, with the plan that the environment names."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    path = Path(os.environ[PLAN])
    app = create_app(msgspec.json.decode(path.read_bytes(), type=Plan), path.parent)
    uvicorn.run(app, port=arguments.parse_args().port, access_log=False, log_config=None, server_header=False)


if __name__ == "__main__":
    main()
