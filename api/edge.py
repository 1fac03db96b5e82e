"""The edge: where a request becomes a transaction, and the only place of the API that commits.

A handler gives it one function from a session to what is shown. Writing keeps the answer under the request's
Idempotency-Key in that same transaction, and sends it only after the commit.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from sqlmodel import Session

from api.access import note_refusal
from api.wiring import Wiring
from shipments import journal, kept_answers
from shipments.errors import KeyMissing, NotAllowed, NotFound, VersionMissing, VersionStale
from shipments.journal import Noted
from shipments.kept_answers import AnswerBody
from shipments.offices.scope import Actor
from shipments.sealing import KeyRing
from shipments.transaction import perform, reading

T = TypeVar("T")
Show = Callable[[Session], T]


class Edge:
    """One request on its way to the verbs."""

    def __init__(self, request: Request[Any, Any, State]) -> None:
        self._request = request
        self._wiring: Wiring = request.app.state.wiring
        self.by: Actor = request.scope["actor"]  # type: ignore[typeddict-item]
        self.now: datetime = self._wiring.clock()

    @property
    def ring(self) -> KeyRing:
        """The installation's keys."""
        return self._wiring.ring

    @property
    def base_url(self) -> str:
        """Where people reach the pages."""
        return self._wiring.settings.base_url

    @property
    def wiring(self) -> Wiring:
        """The installation."""
        return self._wiring

    def read(self, show: Show[T]) -> T:
        """Shows what the actor may see. Raises what `show` raises; a refusal is journalled first."""
        try:
            with reading(self._wiring.database, self.by) as session:
                return show(session)
        except (NotFound, NotAllowed) as error:
            self._journal_refusal(error)
            raise

    def look(self, show: Show[tuple[T, Sequence[Noted]]]) -> T:
        """As `read`, where what is shown may be personal: such looks are in the journal before the answer is sent."""
        shown, looks = self.read(show)

        def note(session: Session) -> None:
            for look in looks:
                journal.note(session, look)

        if looks:
            self._perform(note)
        return shown

    def write(self, verb: Show[T], *, status: int = 200) -> Response[T]:
        """Runs `verb` once for each Idempotency-Key; a repeat gets the same answer.

        Raises KeyMissing, KeyReused and what `verb` raises.
        """
        return self._kept(verb, self._request.headers.get("idempotency-key"), lambda _: status)

    def once(self, verb: Show[T], *, status: Callable[[T], int]) -> Response[T]:
        """Runs a `verb` whose body carries an id of its own, so that a repeat is recognised by that.

        An Idempotency-Key need not be sent; one that is holds as in `write`.
        """
        key = self._request.headers.get("idempotency-key")
        if key is not None:
            return self._kept(verb, key, status)
        shown = self._perform(verb)
        return _response(AnswerBody(status(shown), _encoded(shown)))

    def _kept(self, verb: Show[T], key: str | None, status: Callable[[T], int]) -> Response[T]:
        if not key or len(key) > 200 or not all("!" <= letter <= "~" for letter in key):
            raise KeyMissing
        person = self.by.person_id
        assert person is not None, "only signed-in people write"
        url = self._request.scope["path"]
        request = kept_answers.request_hash(self._request.method, url, self._request.scope["_body"])  # type: ignore[typeddict-item]

        def work(session: Session) -> AnswerBody:
            known = kept_answers.recall(session, self.ring, person, key, request, held=self.by.held)
            if known is not None:
                return known
            shown = verb(session)
            session.flush()
            answer = AnswerBody(status(shown), _encoded(shown), etag(shown), self.by.held)
            kept_answers.keep(session, self.ring, person, key, request, answer, now=self.now)
            return answer

        answer = self._perform(work)
        return _response(answer)

    def act(self, verb: Show[object]) -> None:
        """Runs a `verb` that may be repeated without harm and shows nothing."""
        self._perform(verb)

    def change(self, verb: Callable[[Session, int], T]) -> Response[T]:
        """Runs `verb` with the version that If-Match names. Raises VersionMissing, VersionStale."""
        version = version_in(self._request.headers.get("if-match"))
        shown = self._perform(lambda session: _shown(session, verb, version))
        return _response(AnswerBody(200, _encoded(shown), etag(shown)))

    def _perform(self, work: Show[T]) -> T:
        try:
            return perform(self._wiring.database, self.by, work, now=self.now)
        except (NotFound, NotAllowed) as error:
            self._journal_refusal(error)
            raise

    def _journal_refusal(self, error: NotFound | NotAllowed) -> None:
        if isinstance(error, NotFound):
            for code in error.codes:
                note_refusal(self._wiring, self.by, error.kind, code)
        else:
            note_refusal(self._wiring, self.by, "access", self._request.scope["path"])


def provide_edge(request: Request[Any, Any, State]) -> Edge:
    """The dependency `edge` of every handler."""
    return Edge(request)


def version_in(if_match: str | None) -> int:
    """The version that an If-Match header names. Raises VersionMissing, VersionStale."""
    if not if_match:
        raise VersionMissing
    tag = if_match.strip().removeprefix("W/").strip('"')
    if not (tag.isascii() and tag.isdecimal() and len(tag) < 10):
        raise VersionStale
    return int(tag)


def etag(shown: object) -> dict[str, str]:
    """The ETag of what has a version; nothing else has one."""
    version = getattr(shown, "version", None)
    return {"ETag": f'"{version}"'} if isinstance(version, int) else {}


def shown_with_etag(shown: T) -> Response[T]:
    """What a GET of one thing answers."""
    return Response(shown, headers=etag(shown))


def _shown(session: Session, verb: Callable[[Session, int], T], version: int) -> T:
    shown = verb(session, version)
    session.flush()
    return shown


def _encoded(shown: object) -> bytes:
    return b"" if shown is None else msgspec.json.encode(shown)


def _response(answer: AnswerBody) -> Response[Any]:  # Any: bytes that were encoded inside the transaction
    return Response(answer.body, status_code=answer.status, headers=answer.headers, media_type="application/json")
