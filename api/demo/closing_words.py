"""What the demo says when its story has ended: where to look, who may sign in, a card to scan, how to stop."""

from api.demo.programme import Programme
from api.demo.story import Told
from api.demo.telling import Teller


def say(teller: Teller, base_url: str, programme: Programme, told: Told) -> None:
    """All of it."""
    teller.title("The demo stays up. Open in a browser on this machine:")
    card = programme.past.cards[-1]
    teller.table(
        ("page", "address"),
        (
            ("sign in", f"{base_url}/sign-in"),
            ("the board", f"{base_url}/board"),
            ("where the calls went", f"{base_url}/carriers"),
            ("the box of the story", f"{base_url}/boxes/{told.box}"),
            ("what a stranger sees of it", f"{base_url}/B/{told.box}"),
            ("the card of the story", told.card.url),
            ("a card whose box is at sea", card.url),
            ("the API, described", f"{base_url}/schema/openapi.json"),
        ),
    )
    teller.title("Logins (API keys are in .demo/access.json)")
    teller.table(
        ("e-mail", "password", "role", "office"),
        ((one.email, one.password, ", ".join(one.roles), one.office or "everywhere") for one in programme.logins),
    )
    teller.title(f"The card of a returnee whose box is at sea. Its PIN is {card.pin}.")
    teller.qr(card.url)
    teller.say(card.url)
    teller.say("It holds the address of this machine itself, which a phone cannot reach; open it here.")
    teller.title("Ctrl-C stops everything. What was written is in .demo/ and is made anew at the next start.")
