"""`/practice/callbacks` and `/practice/push`: who is told by itself, and telling them now."""

import msgspec
from litestar import delete, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from api.practice_carrier.callbacks import is_ours
from api.practice_carrier.messages import PUSHED_BY, PushFault
from api.practice_carrier.practice import Practice
from api.practice_carrier.pushing import Sent, push
from api.practice_carrier.subscriptions import Subscription


class Callback(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where an interface pushes to. `references` None: everything. `header`: in which DHL sends the secret."""

    interface: str
    url: str
    secret: str
    references: frozenset[str] | None = None
    header: str = ""

    def __post_init__(self) -> None:
        if self.interface not in PUSHED_BY:
            raise ValueError(f"interface: one of {', '.join(sorted(PUSHED_BY))}")
        if not is_ours(self.url):
            raise ValueError("url: an address of loopback; this is a practice carrier")


class Told(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to push now: everything new, or that of one interface or reference; wrong if told to be."""

    interface: str | None = None
    reference: str | None = None
    fault: PushFault | None = None


class CallbackShown(msgspec.Struct):
    """A callback without its secret, and how many references it was told of."""

    id: str
    interface: str
    url: str
    told_of: int


@get("/callbacks", sync_to_thread=False)
def read_callbacks(state: State) -> list[CallbackShown]:
    """Everyone who is told."""
    return [_shown(one) for one in _practice(state).subscriptions.alive(_practice(state).clock.now())]


@post("/callbacks", sync_to_thread=False)
def callbacks(data: JSONBody[list[Callback]], state: State) -> list[CallbackShown]:
    """From now on these are told what is new."""
    subscriptions = _practice(state).subscriptions
    return [_shown(subscriptions.make(**msgspec.structs.asdict(one))) for one in data]


@delete("/callbacks", sync_to_thread=False)
def forget_callbacks(state: State) -> None:
    """Nobody is told any longer."""
    _practice(state).subscriptions.clear()


@post("/push", status_code=200)
async def push_now(data: JSONBody[Told], state: State) -> list[Sent]:
    """Tells subscribers what is new to them; what became of each post."""
    sent = await push(_practice(state), interface=data.interface, reference=data.reference, fault=data.fault)
    return list(sent)


def _shown(one: Subscription) -> CallbackShown:
    return CallbackShown(one.id, one.interface, one.url, len(one.pushed))


def _practice(state: State) -> Practice:
    practice: Practice = state.practice
    return practice
