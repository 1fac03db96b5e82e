"""A box's QR tells a stranger nothing, not even whether it is one of ours."""

from api.hardening import Hardened
from shipments import codes
from tests.pages.conftest import Browser, dump_of
from tests.pages.world import World

NEVER = ("returnee", "asylum", "migrant", "foundation", "refugee", "retour", "worldtools", "عائد", "مهاجر", "لاجئ")


def test_every_code_gives_the_same_bytes(app: Hardened, world: World) -> None:
    minted = [codes.mint(codes.Kind.BOX) for _ in range(90)]
    typed = [*world.boxes.values(), codes.compact(world.boxes["way"]), "x", "BX-1", "A" * 300, "1%27--", "%3Cb%3E"]
    answers = [Browser(app).get(f"/{'bB'[place % 2]}/{code}") for place, code in enumerate([*minted, *typed])]
    assert len(answers) >= 100
    assert len({(one.status_code, one.content, tuple(sorted(one.headers.items()))) for one in answers}) == 1


def test_the_page_names_nobody_and_nothing(app: Hardened, world: World) -> None:
    for tag in ("en", "fr", "ar"):
        answer = Browser(app).get(f"/B/{world.boxes['way']}?l={tag}")
        assert answer.status_code == 200
        assert not [word for word in NEVER if word in answer.text.lower()]
        assert world.boxes["way"] not in answer.text


def test_staff_who_may_see_the_box_go_on_to_it(browser: Browser, world: World) -> None:
    browser.sign_in(world.staff.receiver)
    answer = browser.get(f"/b/{codes.compact(world.boxes['way']).lower()}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/boxes/{world.boxes['way']}")


def test_staff_of_another_office_are_strangers_and_the_journal_knows(app: Hardened, world: World) -> None:
    for email in (world.staff.stranger, world.staff.auditor, world.staff.administrator):
        browser = Browser(app)
        browser.sign_in(email)
        answer = browser.get(f"/B/{world.boxes['way']}")
        assert answer.content == Browser(app).get("/B/x").content
    refused = [line for line in dump_of(app) if "box.refused" in line and world.boxes["way"] in line]
    assert len(refused) == 3
