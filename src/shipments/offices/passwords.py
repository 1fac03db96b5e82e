"""Argon2id, and which passwords are good enough (OWASP ASVS 5.0, chapter 6.2; NIST SP 800-63B, 3.1.1)."""

import re
import unicodedata
from base64 import b64encode
from itertools import pairwise
from secrets import token_bytes

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shipments.errors import Invalid

# OWASP's Password Storage Cheat Sheet, second of its equal choices: 19 MiB, two passes, one lane. The small
# memory is what lets many people sign in at once on a small server.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
SHORTEST, LONGEST = 12, 200
# What is left of the commonest passwords once digits and marks are taken off and letters put in lower case.
_COMMON = frozenset(
    {"password", "passwort", "passphrase", "motdepasse", "wachtwoord", "contrasena", "contraseña", "senha",
     "parola", "sifre", "welcome", "welkom", "bienvenue", "bienvenido", "qwerty", "qwertyuiop", "qwertz",
     "azerty", "azertyuiop", "asdfghjkl", "zxcvbnm", "letmein", "iloveyou", "admin", "administrator",
     "changeme", "secret", "default", "trustno", "football", "baseball", "superman", "princess",
     "sunshine", "dragon", "monkey", "master", "hello", "login", "abc", "test", "testing", "summer",
     "winter", "spring", "autumn", "shipments", "passwordpassword", "qwertyqwerty", "letmeinletmein",
     "iloveyouiloveyou", "welcomewelcome", "adminadmin", "correcthorsebatterystaple"}
)  # fmt: skip
_LEET = str.maketrans("013457@$!", "oieastasi")


def hash_of(secret: str) -> str:
    """Argon2id in its usual text form, with a salt of its own."""
    return HASHER.hash(_bytes(secret))


def proves(secret: str, stored: str | None) -> bool:
    """Whether `secret` was hashed to `stored`; without one the same work is done, for nothing."""
    try:
        return HASHER.verify(stored or _nobodys(), _bytes(secret))
    except (VerificationError, InvalidHashError):
        return False


def good_password(field: str, password: str, email: str) -> str:
    """The password itself. Raises Invalid where it is short, common or says whose it is."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid([(field, f"{SHORTEST} to {LONGEST} characters; a few unrelated words do well")])
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(set(folded)) < 5 or _is_common(folded):
        raise Invalid([(field, "a password that others do not use; a few unrelated words do well")])
    local = email.partition("@")[0].casefold()
    if len(local) >= 3 and local in folded:
        raise Invalid([(field, "a password without your e-mail address in it")])
    return password


def _is_common(folded: str) -> bool:
    if folded.isdecimal() or _is_a_run(folded):
        return True
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    return bool({_letters(folded), _letters(core.translate(_LEET))} & _COMMON)


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text)


def _is_a_run(folded: str) -> bool:
    """`abcdefghijkl`, `aabbccddeeff`: every symbol at most one away from the one before."""
    return all(abs(ord(left) - ord(right)) <= 1 for left, right in pairwise(folded))


def _bytes(secret: str) -> bytes:
    # The same password typed on two keyboards may arrive composed or decomposed.
    return unicodedata.normalize("NFKC", secret).encode("utf-8", "surrogatepass")


def _nobodys() -> str:
    """A hash in the right form and of the right cost that nothing was hashed to."""
    salt, digest = (b64encode(token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    cost = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
