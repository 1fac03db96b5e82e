"""Everything an installation can set, from the environment: `SHIPMENTS_` and the name in capitals.

README.md documents each; a test compares the two.
"""

import base64
from functools import cached_property
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shipments.sealing import KeyRing


class Settings(BaseSettings):
    """One installation. Refuses to exist with missing, short or repeated-byte secrets outside the demo."""

    model_config = SettingsConfigDict(env_prefix="SHIPMENTS_", frozen=True, hide_input_in_errors=True)

    database_url: str = Field(
        default="sqlite:///shipments.sqlite3", description="SQLite file or PostgreSQL, as an SQLAlchemy URL."
    )
    secret_keys: SecretStr = Field(
        default=SecretStr(""),
        description="Key-encryption keys, `id:base64` of 32 random bytes each, comma between; the first seals new "
        "data, the others still open old data. `shipments keys secret` makes one.",
    )
    hash_key: SecretStr = Field(
        default=SecretStr(""),
        description="Base64 of 32 random bytes for keyed hashes of tokens; never changes. `shipments keys secret` "
        "makes one.",
    )
    base_url: str = Field(
        default="http://127.0.0.1:8000", description="Where people reach the pages; QR codes carry it."
    )
    allowed_hosts: str = Field(default="", description="Further Host headers to answer to, comma between.")
    trusted_proxies: str = Field(
        default="", description="Addresses whose X-Forwarded-For and -Proto are believed, comma between."
    )
    demo: bool = Field(
        default=False, description="The demo: cookies without Secure on loopback, /schema without login."
    )
    scheduler: bool = Field(
        default=True, description="Run the timetable inside `shipments serve`; off with `work` processes."
    )
    poll_every_s: Annotated[float, Field(gt=0)] = Field(default=30.0, description="Seconds between looks for due legs.")
    poll_batch: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=200, description="Legs one worker claims at a time."
    )
    lease_s: Annotated[float, Field(gt=0)] = Field(
        default=120.0, description="Seconds until a dead worker's legs come back."
    )
    carrier_pace: Annotated[float, Field(gt=0)] = Field(
        default=1.0, description="Divides every waiting time of the polling policy; the demo hurries with it."
    )
    max_body_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=262_144, description="Largest request body, in bytes."
    )
    session_idle_minutes: Annotated[int, Field(ge=1)] = Field(
        default=60, description="A sign-in ends after so long unused."
    )
    session_hours: Annotated[int, Field(ge=1)] = Field(
        default=12, description="A sign-in ends after so long in any case."
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @model_validator(mode="after")
    def _secrets_are_real(self) -> Self:
        if not self.keys:
            raise ValueError("SHIPMENTS_SECRET_KEYS is missing: make one with 'shipments keys secret' and keep it safe")
        secrets = {f"SHIPMENTS_SECRET_KEYS, key {name!r}": key for name, key in self.keys.items()}
        secrets["SHIPMENTS_HASH_KEY"] = _decoded("SHIPMENTS_HASH_KEY", self.hash_key.get_secret_value())
        for name, key in secrets.items():
            if len(key) != 32:
                raise ValueError(f"{name}: {len(key)} bytes, expected 32; 'shipments keys secret' makes one")
            if len(set(key)) < 16:
                raise ValueError(f"{name}: not random; 'shipments keys secret' makes one")
        if len(set(secrets.values())) < len(secrets):
            raise ValueError("SHIPMENTS_SECRET_KEYS and SHIPMENTS_HASH_KEY must all differ")
        return self

    @model_validator(mode="after")
    def _pages_are_encrypted(self) -> Self:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("SHIPMENTS_BASE_URL must be an http or https address, e.g. https://boxes.example.org")
        return self

    @cached_property
    def keys(self) -> dict[str, bytes]:
        """Key id → 32 bytes, the current one first."""
        found: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in self.secret_keys.get_secret_value().split(","))):
            name, colon, text = part.partition(":")
            if not colon or not (name.isascii() and name.isalnum()):
                raise ValueError(
                    "SHIPMENTS_SECRET_KEYS: each key is written as id:base64, the id of letters and digits"
                )
            if name in found:
                raise ValueError(f"SHIPMENTS_SECRET_KEYS: two keys are called {name!r}")
            found[name] = _decoded("SHIPMENTS_SECRET_KEYS", text)
        return found

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Lower-case Host header values, without port, that are answered."""
        own = urlsplit(self.base_url).hostname or ""
        others = (host.strip().lower() for host in self.allowed_hosts.split(","))
        return frozenset({own.lower(), *filter(None, others)})

    @property
    def secure_cookies(self) -> bool:
        """Whether pages are reached over https, so that `__Host-` cookies with Secure work."""
        return self.base_url.startswith("https://")

    @cached_property
    def ring(self) -> KeyRing:
        """The keys, ready for use."""
        return KeyRing(self.keys, _decoded("SHIPMENTS_HASH_KEY", self.hash_key.get_secret_value()))


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"{name}: expected base64 of 32 bytes") from error
