"""Who a case is about: sealed under a key of the person's own, opened for those who work with them.

Sealed at (table, column, row): `case`/`name`, `phone`, `email`/the case's id; `outside_reference`/`sealed`/its own id.
"""

import unicodedata
from uuid import UUID

import msgspec
from sqlmodel import Session, select

from shipments.cases.case import Case, OutsideReference, PersonalKeyRow
from shipments.errors import WrongState
from shipments.offices.person import Role
from shipments.offices.scope import Actor
from shipments.sealing import KeyRing, PersonalKey

AT_HOST = frozenset({Role.COUNSELLOR, Role.COORDINATOR})
AT_ORIGIN = frozenset({Role.RECEIVER, Role.COORDINATOR})


class Personal(msgspec.Struct, frozen=True):
    """In the open, references in alphabetical order. Nothing of it shows where the object is printed."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    outside_references: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Personal(…)"


def may_read_personal(by: Actor, case: Case) -> bool:
    """Whether `by` works with this person: counselling at the host office, receiving at the origin office."""
    return any(by.is_a(role, case.host_office_id) for role in AT_HOST) or any(
        by.is_a(role, case.origin_office_id) for role in AT_ORIGIN
    )


def must_work_with(by: Actor, case: Case) -> None:
    """Raises NotAllowed unless `may_read_personal`, with a key that may write."""
    if any(by.is_a(role, case.origin_office_id) for role in AT_ORIGIN):
        by.must_be(AT_ORIGIN, case.origin_office_id)
    else:
        by.must_be(AT_HOST, case.host_office_id)


def read_personal(session: Session, ring: KeyRing, case: Case) -> Personal:
    """What the case holds; nothing after an erasure. The caller has asked `may_read_personal`, and journals it.

    Raises SealBroken.
    """
    kept = session.get(PersonalKeyRow, case.id)
    if kept is None:
        return Personal()
    key = ring.personal(kept.wrapped, case.id)
    references = session.exec(select(OutsideReference).where(OutsideReference.case_id == case.id))
    return Personal(
        name=_open(key, "name", case.name_sealed, case.id),
        phone=_open(key, "phone", case.phone_sealed, case.id),
        email=_open(key, "email", case.email_sealed, case.id),
        outside_references=tuple(
            sorted(key.open(row.sealed, table="outside_reference", column="sealed", row=row.id) for row in references)
        ),
    )


def seal_name(case: Case, key: PersonalKey, name: str | None) -> None:
    """Puts the name, or none, into the case."""
    case.name_sealed = _seal(key, "name", name, case.id)


def seal_contact(case: Case, key: PersonalKey, phone: str | None, email: str | None) -> None:
    """Puts both ways to reach the person, or none, into the case."""
    case.phone_sealed = _seal(key, "phone", phone, case.id)
    case.email_sealed = _seal(key, "email", email, case.id)


def sealed_reference(ring: KeyRing, key: PersonalKey, case_id: UUID, reference: str) -> OutsideReference:
    """A row for `reference`, sealed, with its index to search by."""
    row = OutsideReference(case_id=case_id, sealed=b"", index=reference_index(ring, reference))
    row.sealed = key.seal(reference, table="outside_reference", column="sealed", row=row.id)
    return row


def reference_index(ring: KeyRing, reference: str) -> bytes:
    """The same 32 bytes however the reference was typed: composed or not, upper or lower case, padded or not."""
    return ring.keyed_hash("index", unicodedata.normalize("NFC", reference).strip().casefold())


def personal_key(session: Session, ring: KeyRing, case: Case) -> PersonalKey:
    """To seal more for this person. Raises WrongState where the case was erased, SealBroken."""
    row = session.get(PersonalKeyRow, case.id)
    if row is None:
        raise WrongState("This person's data was erased.", state="erased", expected="a case with personal data")
    return ring.personal(row.wrapped, case.id)


def _seal(key: PersonalKey, column: str, text: str | None, row: UUID) -> bytes | None:
    return None if text is None else key.seal(text, table="case", column=column, row=row)


def _open(key: PersonalKey, column: str, sealed: bytes | None, row: UUID) -> str | None:
    return None if sealed is None else key.open(sealed, table="case", column=column, row=row)
