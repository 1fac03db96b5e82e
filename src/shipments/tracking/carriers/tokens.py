"""An access token in words: what it is asked for with, and what an answer says. OAuth 2, RFC 6749."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from shipments.errors import CarrierUnreadable

USUAL_LIFE_S, LONGEST_LIFE_S = 600, 86_400
_VISIBLE = re.compile(r"[\x21-\x7e]{1,8000}")
_Seconds = Annotated[int, msgspec.Meta(ge=1)]
_Written = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,8}$")]


class ClientLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A client that may have tokens, and where. `sent_in`: as Basic authorization, or as two fields of the form."""

    carrier: str
    url: str
    client_id: str
    client_secret: str
    scope: str = ""
    sent_in: Literal["header", "body"] = "header"
    allow_private: bool = False

    def __repr__(self) -> str:
        return f"ClientLogin(carrier={self.carrier!r})"


class Token(msgspec.Struct, frozen=True):
    """An access token, and when it ends."""

    secret: str
    until: datetime

    def __repr__(self) -> str:
        return f"Token(until={self.until!r})"


class _Granted(msgspec.Struct, frozen=True):
    """`expires_in`: UPS writes it as text; it may be missing (5.1)."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: _Seconds | _Written | None = None

    def __repr__(self) -> str:
        return "_Granted(hidden)"


def read_token(body: bytes, carrier: str, *, asked_at: datetime) -> Token:
    """Pure. Its life is counted from before the call, so that it never seems longer than it is.

    Raises CarrierUnreadable; also for a token with a space or line end, which would change the header it goes into.
    """
    try:
        granted = msgspec.json.decode(body, type=_Granted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise CarrierUnreadable(f"{carrier}'s answer is not a token.") from None
    if not granted.token_type.lower().startswith("bearer") or not _VISIBLE.fullmatch(granted.access_token):
        raise CarrierUnreadable(f"{carrier}'s answer is not a token that can be used.")
    life_s = min(int(granted.expires_in or USUAL_LIFE_S), LONGEST_LIFE_S)
    return Token(granted.access_token, asked_at + timedelta(seconds=life_s))
