"""The demo's catalogue: eight trade kits, read from `catalogue.toml`."""

import tomllib
from importlib.resources import files
from typing import Any

from sqlmodel import Session

from shipments.catalogue.item import Item, Kit, KitLine


def stock_catalogue(session: Session) -> list[str]:
    """Enters every item and kit. Returns the codes of the kits."""
    told = _told()
    items = {code: _item(code, facts) for code, facts in told["items"].items()}
    session.add_all(items.values())
    session.flush()
    for code, facts in told["kits"].items():
        kit = Kit(code=code, names=facts["names"])
        session.add(kit)
        session.flush()
        session.add_all(
            KitLine(kit_id=kit.id, item_id=items[item].id, quantity=quantity)
            for item, quantity in facts["items"].items()
        )
        session.flush()
    return list(told["kits"])


def electrical_items() -> frozenset[str]:
    """Codes of the items that need an electrical test."""
    return frozenset(code for code, facts in _told()["items"].items() if facts.get("electrical"))


def _told() -> dict[str, Any]:  # Any: tables of the file
    return tomllib.loads(files("api.demo").joinpath("catalogue.toml").read_text("utf-8"))


def _item(code: str, facts: dict[str, Any]) -> Item:  # Any: a table of the file
    return Item(
        code=code,
        names=facts["names"],
        hs_heading=facts["hs"],
        electrical=facts.get("electrical", False),
        typical_weight_g=facts["weight_g"],
        typical_value_eur=facts["value_eur"],
    )
