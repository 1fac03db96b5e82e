"""Everything an installation can set, from the environment: `SHIPMENTS_` and the name in capitals.

README.md documents each; a test compares the two.
"""

import base64
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

import msgspec
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shipments.sealing import KeyRing

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class MailServer(msgspec.Struct, frozen=True):
    """Where mails are handed over. `tls`: from the start, after STARTTLS, or never."""

    host: str
    port: int
    tls: Literal["always", "starttls", "never"]
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"MailServer(host={self.host!r}, port={self.port}, tls={self.tls!r})"


_MAIL_PORTS: Mapping[str, tuple[int, Literal["always", "starttls", "never"]]] = {
    "smtps": (465, "always"),
    "smtp+starttls": (587, "starttls"),
    "smtp": (25, "never"),
}


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
        default=500, description="Legs one worker claims at a time."
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
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="The mail server: `smtp+starttls://user:password@host:587`, `smtps://…:465`, or `smtp://host:25` "
        "without encryption and login. None: no mail is sent.",
    )
    mail_from: str = Field(default="", description="The address that mails come from.")
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

    @model_validator(mode="after")
    def _mails_have_a_sender(self) -> Self:
        if self.mail_server is not None and not _ADDRESS.fullmatch(self.mail_from):
            raise ValueError("SHIPMENTS_MAIL_FROM must be an e-mail address, e.g. boxes@example.org")
        return self

    @cached_property
    def mail_server(self) -> MailServer | None:
        """The mail server; None: no mail is sent."""
        text = self.smtp_url.get_secret_value()
        return _mail_server(text) if text else None

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


def _mail_server(text: str) -> MailServer:
    wrong = ValueError(
        "SHIPMENTS_SMTP_URL must be smtp+starttls://, smtps:// or smtp://, perhaps user:password@, a host and perhaps "
        "a port; smtp:// takes no login, since it would be sent in the open"
    )
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        raise wrong from None
    login = (unquote(url.username or ""), unquote(url.password or ""))
    extra = url.path.strip("/") or url.query or url.fragment
    if url.scheme not in _MAIL_PORTS or not host or extra or (url.scheme == "smtp" and any(login)):
        raise wrong
    usual, tls = _MAIL_PORTS[url.scheme]
    return MailServer(host, port or usual, tls, *login)


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"{name}: expected base64 of 32 bytes") from error
