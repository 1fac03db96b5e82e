"""Locking an account, for whoever decides by its row or changes it."""

from uuid import UUID

from sqlmodel import Session

from shipments.tracking.accounts.account import CarrierAccount


def locked_account(session: Session, account_id: UUID) -> CarrierAccount:
    """The account as it is now, locked. Rows that name it may still be added: no message waits for a claim."""
    return session.get_one(CarrierAccount, account_id, with_for_update={"key_share": True}, populate_existing=True)
