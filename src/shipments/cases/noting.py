"""What happened to a case, as the journal keeps it: the code, never the person."""

from datetime import datetime

from sqlmodel import Session

from shipments.cases.case import Case
from shipments.journal import Noted, Outcome, note
from shipments.offices.scope import Actor


def note_case(
    session: Session,
    case: Case,
    action: str,
    *,
    by: Actor,
    now: datetime,
    outcome: Outcome = Outcome.DONE,
    **details: str | int | bool | None,
) -> None:
    """Under the case's code and its host office. `details` hold no personal data and no secret."""
    place = case.host_office_id
    note(session, Noted(now, action, "case", case.code, by.person_id, place, outcome=outcome, details=details))
