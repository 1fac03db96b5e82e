"""Personal fields at rest: AES-256-GCM under a key per person, itself wrapped by a key-encryption key.

Table, column and row are associated data, so a ciphertext moved elsewhere does not open. Destroying the person's
wrapped key makes everything sealed under it unreadable, in backups too. Layout of a sealed value: one byte of
version, 12 bytes of nonce, ciphertext with tag. Of a wrapped key: key id, a NUL byte, then the same.
"""

import hashlib
import hmac
from collections.abc import Mapping
from secrets import token_bytes
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shipments.errors import SealBroken

_VERSION = b"\x01"
_NONCE = 12
HASHES = ("card", "pin", "session", "api key", "index", "journal", "guess", "cursor")


class KeyRing:
    """The installation's keys. Everything keyed is derived from them, each use with a key of its own."""

    def __init__(self, keys: Mapping[str, bytes], hash_key: bytes) -> None:
        self.current = next(iter(keys))
        self._wrapping = {name: AESGCM(_derive(key, "wrap personal keys")) for name, key in keys.items()}
        self._answers = {name: AESGCM(_derive(key, "kept answers")) for name, key in keys.items()}
        # Hashes cannot be made again from what is stored: their key stays when the others are rotated.
        self._hashing = {use: _derive(hash_key, use) for use in HASHES}

    def new_personal_key(self, row: UUID) -> bytes:
        """A fresh key for one person, wrapped for storage."""
        return self.wrap(token_bytes(32), row)

    def wrap(self, key: bytes, row: UUID) -> bytes:
        """Under the current key-encryption key, bound to the person's row."""
        return (
            self.current.encode() + b"\0" + _seal(self._wrapping[self.current], key, _place("personal_key", "key", row))
        )

    def personal(self, wrapped: bytes, row: UUID) -> "PersonalKey":
        """Opens a stored key. Raises SealBroken where its key-encryption key is gone or it was tampered with."""
        name, _, sealed = wrapped.partition(b"\0")
        wrapping = self._wrapping.get(name.decode("ascii", "replace"))
        if wrapping is None:
            raise SealBroken("The key that sealed this is not in SHIPMENTS_SECRET_KEYS. Put it back, after the first.")
        return PersonalKey(_unseal(wrapping, sealed, _place("personal_key", "key", row)))

    def seal_answer(self, answer: bytes, owner: str) -> bytes:
        """A kept answer: it may hold a card's secret, which must not lie in the database in the open."""
        return self.current.encode() + b"\0" + _seal(self._answers[self.current], answer, owner.encode())

    def open_answer(self, sealed: bytes, owner: str) -> bytes:
        """The answer again. Raises SealBroken."""
        name, _, rest = sealed.partition(b"\0")
        opening = self._answers.get(name.decode("ascii", "replace"))
        if opening is None:
            raise SealBroken("The key that sealed this answer is not in SHIPMENTS_SECRET_KEYS.")
        return _unseal(opening, rest, owner.encode())

    def keyed_hash(self, use: str, text: str) -> bytes:
        """32 bytes that only this installation can make from `text`; `use` is one of HASHES."""
        return hmac.digest(self._hashing[use], text.encode(), hashlib.sha256)


class PersonalKey:
    """One person's key, open in memory."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str, *, table: str, column: str, row: UUID) -> bytes:
        """UTF-8 text, sealed for exactly this place."""
        return _seal(self._cipher, text.encode(), _place(table, column, row))

    def open(self, sealed: bytes, *, table: str, column: str, row: UUID) -> str:
        """The text again. Raises SealBroken anywhere else or after a change of any bit."""
        return _unseal(self._cipher, sealed, _place(table, column, row)).decode()


def _derive(key: bytes, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=b"shipments/1", info=use.encode()).derive(key)


def _place(table: str, column: str, row: UUID) -> bytes:
    return f"{table}\0{column}\0{row}".encode()


def _seal(cipher: AESGCM, plain: bytes, place: bytes) -> bytes:
    nonce = token_bytes(_NONCE)
    return _VERSION + nonce + cipher.encrypt(nonce, plain, place)


def _unseal(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE + 16:
        raise SealBroken("A sealed field is cut or of an unknown version. Restore it from a backup.")
    try:
        return cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place)
    except InvalidTag as error:
        raise SealBroken("A sealed field was altered or moved. Restore it from a backup; see the journal.") from error
