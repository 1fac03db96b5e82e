"""Catalogue entries and kits."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from shipments.database import new_id
from shipments.errors import Invalid


class Item(SQLModel, table=True):
    """One kind of tool. `names`: language → name, English always. `hs_heading`: four digits of the HS code."""

    __table_args__ = (
        CheckConstraint("typical_weight_g > 0", name="weight_positive"),
        CheckConstraint("typical_value_eur >= 0", name="value_not_negative"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(max_length=60, unique=True)
    names: dict[str, str] = Field(sa_type=JSON)
    hs_heading: str = Field(max_length=4)
    electrical: bool = False
    typical_weight_g: int
    typical_value_eur: int

    def name(self, language: str = "en") -> str:
        """In `language`, else in English."""
        return self.names.get(language) or self.names["en"]


class Kit(SQLModel, table=True):
    """A fixed list of items for one trade."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(max_length=60, unique=True)
    names: dict[str, str] = Field(sa_type=JSON)


class KitLine(SQLModel, table=True):
    """How many of an item belong to a kit."""

    __tablename__ = "kit_line"
    __table_args__ = (
        UniqueConstraint("kit_id", "item_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kit_id: UUID = Field(foreign_key="kit.id", index=True)
    item_id: UUID = Field(foreign_key="item.id", index=True)
    quantity: int


def items_by_code(session: Session, codes: Iterable[str]) -> dict[str, Item]:
    """Code → item, for all of `codes`. Raises Invalid naming every one that is not in the catalogue."""
    wanted = set(codes)
    if not wanted:
        return {}
    found = {item.code: item for item in session.exec(select(Item).where(col(Item.code).in_(wanted)))}
    _refuse_unknown(wanted - found.keys(), "item")
    return found


def kits_by_code(session: Session, codes: Iterable[str]) -> dict[str, list[tuple[KitLine, Item]]]:
    """Code → the kit's lines with their items, in the catalogue's order. Raises Invalid as `items_by_code`."""
    wanted = set(codes)
    if not wanted:
        return {}
    rows = session.exec(
        select(Kit.code, KitLine, Item)
        .join(KitLine, col(KitLine.kit_id) == Kit.id)
        .join(Item, col(Item.id) == KitLine.item_id)
        .where(col(Kit.code).in_(wanted))
        .order_by(col(KitLine.id))
    )
    kits: dict[str, list[tuple[KitLine, Item]]] = {}
    for code, line, item in rows:
        kits.setdefault(code, []).append((line, item))
    _refuse_unknown(wanted - kits.keys(), "kit")
    return kits


def _refuse_unknown(missing: set[str], kind: str) -> None:
    if missing:
        names = ", ".join(repr(code[:40]) for code in sorted(missing))
        raise Invalid([("lines", f"a {kind} of the catalogue; not in it: {names}")])
