"""Who may come in: nobody, unless a route says so. What is out of sight is not there, and the attempt is kept."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar, get
from litestar.routes import HTTPRoute
from sqlmodel import col, select

from api.access import EVERYBODY, guard
from api.hardening import Hardened
from api.problems import HANDLERS
from shipments import codes
from shipments.clock import utc_now
from shipments.errors import NotAllowed
from shipments.journal import JournalEntry, Outcome
from shipments.offices import people
from shipments.offices.keys import revoke_key
from shipments.offices.office import Office
from shipments.offices.person import Role
from shipments.offices.scope import Actor
from shipments.receipts.receiving import explain
from shipments.settings import Settings
from shipments.tracking.legs import Told, tell
from shipments.tracking.milestones import Milestone
from shipments.transaction import perform
from tests.api import journey
from tests.api.asking import Answer, Client, Loop
from tests.api.dumps import dump
from tests.api.journey import BATCH, BOX, CASE, LEG, NO_HAZARDS, a_handover, a_receipt, today
from tests.api.world import HOST, ORIGIN, World, wiring_of

V1 = "/api/v1"
ROLES = [role.value for role in Role]
Way = dict[str, Any]  # Any: codes and ids
Routes = list[tuple[str, str, frozenset[Role] | str | None]]


def _routes(world: World) -> Routes:
    """(method, path with made-up values, for whom), of everything that a signed-in person can reach."""
    app: Litestar = world.app._app  # type: ignore[assignment]
    found: Routes = []
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith((V1, "/schema")):
            for method, (handler, _) in route.route_handler_map.items():
                if method not in ("OPTIONS", "HEAD"):
                    found.append((method, _filled(route.path_format), handler.opt.get("access")))
    return found


def _filled(path: str) -> str:
    kinds = {
        "cases": codes.Kind.CASE,
        "requests": codes.Kind.REQUEST,
        "boxes": codes.Kind.BOX,
        "batches": codes.Kind.BATCH,
    }
    noun = path.split("/")[3] if path.count("/") > 2 else ""
    code = codes.mint(kinds[noun]) if noun in kinds else ""
    box = codes.mint(codes.Kind.BOX)
    for name in ("leg_id", "line"):
        path = path.replace(f"{{{name}}}", str(uuid4()))
    return path.replace("{code}", code).replace("{box}", box)


def test_every_route_says_for_whom_it_is_open(small_world: World) -> None:
    app: Litestar = small_world.app._app  # type: ignore[assignment]
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                access = handler.opt.get("access")
                assert access == "public" or isinstance(access, frozenset) or method == "OPTIONS", route.path


def test_a_route_that_says_nothing_is_open_to_nobody(small_world: World, settings: Settings, loop: Loop) -> None:
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "secret"

    @get("/misspelt", sync_to_thread=False, opt={"access": "everybody"})
    def misspelt() -> str:
        return "secret"

    state = small_world.app._app.state  # type: ignore[attr-defined]
    app = Litestar(
        [forgotten, misspelt], guards=[guard], exception_handlers=dict(HANDLERS), state=state, openapi_config=None,
        logging_config=None,
    )  # fmt: skip
    hardened = Hardened(app, settings)  # type: ignore[arg-type]
    for path in ("/forgotten", "/misspelt"):
        Client(loop, hardened).get(path).problem(401)
        for role in (*ROLES, "everything"):
            Client(loop, hardened, key=small_world.people[role].key).get(path).problem(403)


def test_strangers_and_dead_keys_come_in_nowhere(world: World) -> None:
    expired = world.key_for("coordinator", lives=timedelta(seconds=-1))
    revoked, disabled = world.key_for("coordinator"), world.key_for("auditor")
    _revoke(world, revoked)
    _disable(world, "auditor")
    good = world.people["coordinator"].key
    keys = (
        None,
        expired,
        revoked,
        disabled,
        world.people["auditor"].key,
        good[:-1],
        good + "A",
        good.lower(),
        "sk_",
        "x",
    )
    before = dump(world.database, but=frozenset())
    answers = set()
    for method, path, access in _routes(world):
        assert access != "public", path
        for key in keys:
            answer = world.client(key=key).send(method, path)
            answer.problem(401)
            assert answer.header("www-authenticate").startswith("Bearer")
            answers.add(answer.body)
    assert len(answers) == 1, "an outsider learns something from the difference"
    assert dump(world.database, but=frozenset()) == before


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reaches_its_routes_and_no_other(small_world: World, role: str) -> None:
    person = small_world.people[role]
    refused = 0
    for method, path, access in _routes(small_world):
        answer = person.client.send(method, path, headers={"idempotency-key": "k"})
        assert isinstance(access, frozenset)
        if Role(role) in access:
            assert answer.status != 401, (method, path)
            assert answer.status != 403 or b"office concerned" in answer.body, (method, path, answer)
        else:
            answer.problem(403)
            refused += 1
    entries = [one for one in small_world.journal() if one[:3] == ("access.refused", "refused", "access")]
    assert len(entries) == refused
    assert all(entry[4] == str(person.person_id) for entry in entries)


def test_an_auditor_reads_no_operational_data(small_world: World) -> None:
    open_to_auditors = [path for _, path, access in _routes(small_world) if Role.AUDITOR in (access or ())]
    # The ledger counts calls; test_ledger.py proves that it names no batch to them.
    assert open_to_auditors == [f"{V1}/carriers/ledger", "/schema/openapi.json"]
    assert Role.AUDITOR in EVERYBODY


def test_a_key_that_may_only_read_writes_nothing(world: World) -> None:
    way = _short(world)
    here = {noun: codes_ for noun, codes_ in way.items() if noun not in ("line", "request_line")}
    for name in ("counsellor", "logistician", "receiver"):
        reader = world.client(key=world.key_for(name, may_write=False))
        reader.get(f"{V1}/boxes/{way['box']}").ok()
        before = dump(world.database)
        for method, path, body, writer in _writes(here | way):
            if writer == name:
                answer = reader.send(method, path, body, headers={"idempotency-key": "r", "if-match": '"1"'})
                assert "may only read" in answer.problem(403)["detail"], (method, path)
        assert dump(world.database) == before


def test_a_key_that_may_only_read_is_shown_no_answer_that_was_kept(small_world: World) -> None:
    card = f"{V1}/cases/{journey.a_case(small_world)['code']}/card"
    small_world.counsellor.post(card, idempotency_key="card").ok(201)
    reader = small_world.client(key=small_world.key_for("counsellor", may_write=False))
    seen = len(small_world.journal())
    assert "may only read" in reader.post(card, idempotency_key="card").problem(403)["detail"]
    assert [entry[:2] for entry in small_world.journal()[seen:]] == [("access.refused", "refused")]


def test_the_verbs_themselves_refuse_a_key_that_may_only_read(small_world: World) -> None:
    way, now = _short(small_world), utc_now()
    told = Told(milestone=Milestone.IN_TRANSIT, occurred_at=now)
    verbs: list[Any] = [
        lambda s, by: tell(s, UUID(way["leg"]), told, by=by, now=now),
        lambda s, by: explain(s, UUID(way["short"]), text="x", settled=True, by=by, now=now),
    ]
    with small_world.database.reading() as session:
        offices = dict(session.exec(select(Office.code, Office.id)).all())
    for role, office in ((Role.LOGISTICIAN, HOST), (Role.RECEIVER, ORIGIN)):
        by = Actor(small_world.people["everything"].person_id, frozenset({(role, offices[office])}), may_write=False)
        for verb in verbs:
            with pytest.raises(NotAllowed, match="may only read"):
                perform(small_world.database, by, partial(verb, by=by), now=now)


def _short(world: World) -> Way:
    """On the way and received, `short` of one piece."""
    way = journey.departed(world)
    lines = [{"box_line": way["line"], "good": 1, "damaged": 0, "missing": 1}]
    world.receiver.post(f"{V1}/receipts", a_receipt(way["box"], lines=lines)).ok(201)
    (short,) = world.receiver.get(f"{V1}/boxes/{way['box']}/discrepancies").ok()
    return {**way, "short": short["line"]}


def _writes(way: Way) -> list[tuple[str, str, Any, str]]:
    """(method, path, body, who may) of every write to a thing that there is."""
    case, request, box = f"{V1}/cases/{way['case']}", f"{V1}/requests/{way['request']}", f"{V1}/boxes/{way['box']}"
    batch, leg = f"{V1}/batches/{way['batch']}", f"{V1}/legs/{way['leg']}"
    because, lines = {"reason": "x"}, {"lines": [{"request_line": way["request_line"], "quantity": 1}]}
    told = {"milestone": "in_transit", "occurred_at": journey.moments_ago()}
    return [
        ("POST", f"{V1}/cases", CASE, "counsellor"),
        ("POST", f"{case}/departed", {"at": today()}, "counsellor"),
        ("POST", f"{case}/withdrawn", {"at": today(), **because}, "counsellor"),
        ("POST", f"{case}/consents", {"kind": "written", "purpose": "x", "at": today()}, "counsellor"),
        ("POST", f"{case}/card", None, "counsellor"),
        ("POST", f"{case}/card/unlock", None, "counsellor"),
        ("DELETE", f"{case}/card", None, "counsellor"),
        ("PATCH", case, {"language": "en"}, "counsellor"),
        ("POST", f"{V1}/requests", {"case": way["case"], "lines": [{"item": "drill", "quantity": 1}]}, "counsellor"),
        ("POST", f"{request}/withdraw", because, "counsellor"),
        ("POST", f"{request}/approve", None, "logistician"),
        ("POST", f"{request}/decline", because, "logistician"),
        ("POST", f"{V1}/boxes", {**BOX, "host_office": "NL-AMS"}, "logistician"),
        ("POST", f"{box}/pack", lines, "logistician"),
        ("POST", f"{box}/unpack", lines, "logistician"),
        ("POST", f"{box}/checks", {"wood": "plywood", "hazards": NO_HAZARDS}, "logistician"),
        ("POST", f"{box}/seal", {"gross_weight_g": 1, "seal_number": "S"}, "logistician"),
        ("POST", f"{box}/reopen", because, "logistician"),
        ("POST", f"{V1}/batches", BATCH, "logistician"),
        ("POST", f"{batch}/boxes", {"boxes": [way["box"]]}, "logistician"),
        ("POST", f"{batch}/legs", LEG, "logistician"),
        ("POST", f"{batch}/dispatch", None, "logistician"),
        ("PATCH", batch, {"limits": {"max_boxes": 1}}, "logistician"),
        ("DELETE", f"{batch}/boxes/{way['box']}", None, "logistician"),
        ("POST", f"{box}/ended", {"how": "lost", "at": journey.moments_ago(), **because}, "logistician"),
        ("POST", f"{leg}/events", told, "logistician"),
        ("POST", f"{leg}/events", told, "receiver"),
        ("POST", f"{V1}/discrepancies/{way['short']}/explanations", {"text": "x"}, "logistician"),
        ("POST", f"{V1}/discrepancies/{way['short']}/explanations", {"text": "x"}, "receiver"),
        ("DELETE", leg, None, "logistician"),
        ("POST", f"{V1}/receipts", a_receipt(way["box"]), "receiver"),
        ("POST", f"{V1}/handovers", a_handover(way["box"]), "receiver"),
        ("POST", f"{box}/contacts", {"reached": True}, "receiver"),
    ]


def _reads(way: Way) -> list[str]:
    return [
        f"{V1}/cases/{way['case']}",
        f"{V1}/requests/{way['request']}",
        *(f"{V1}/boxes/{way['box']}{tail}" for tail in ("", "/timeline", "/discrepancies", "/labels.pdf")),
        *(f"{V1}/batches/{way['batch']}{tail}" for tail in ("", "/labels.pdf")),
        f"{V1}/legs/{way['leg']}/events",
    ]


def _made_up() -> Way:
    kinds = {"case": codes.Kind.CASE, "request": codes.Kind.REQUEST, "box": codes.Kind.BOX, "batch": codes.Kind.BATCH}
    ids = {name: str(uuid4()) for name in ("request_line", "line", "leg", "short")}
    return {**{name: codes.mint(kind) for name, kind in kinds.items()}, **ids}


STRANGERS = ["other_counsellor", "other_logistician", "other_receiver"]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_what_is_out_of_sight_is_not_there_and_the_attempt_is_kept(world: World, stranger: str) -> None:
    way, nothing = _short(world), _made_up()
    somebody, before = world.people[stranger], dump(world.database)
    role = stranger.removeprefix("other_")
    pairs = [
        (("GET", path, None), ("GET", made_up, None))
        for path, made_up in zip(_reads(way), _reads(nothing), strict=True)
    ]
    pairs += [
        (real[:3], made_up[:3]) for real, made_up in zip(_writes(way), _writes(nothing), strict=True) if real[3] == role
    ]
    tried = 0
    for (method, path, body), (_, made_up, other_body) in pairs:
        seen = len(world.journal())
        real = _ask(somebody.client, method, path, body)
        missing = _ask(somebody.client, method, made_up, other_body)
        assert real.status == missing.status, (method, path, real)
        assert real.status in (403, 404), (method, path)
        if real.status == 404:
            assert _anonymised(real, way) == _anonymised(missing, nothing), (method, path)
            tried += 1
        kept = world.journal()[seen:]
        assert [entry[1] for entry in kept] == ["refused", "refused"], (method, path)
        assert {entry[4] for entry in kept} == {str(somebody.person_id)}
    assert tried >= 10
    assert dump(world.database) == before


def _ask(client: Client, method: str, path: str, body: object) -> Answer:
    return client.send(method, path, body, headers={"idempotency-key": str(uuid4()), "if-match": '"1"'})


def _anonymised(answer: Answer, way: Way) -> tuple[bytes, list[tuple[str, str]]]:
    """Without the codes that were asked for, which the asker knew."""
    body = answer.body
    for name, code in way.items():
        body = body.replace(str(code).encode(), f"<{name}>".encode())
    return body, [(name, value) for name, value in answer.headers if name != "content-length"]


def test_boxes_of_others_cannot_be_drawn_into_ones_own_batch(world: World) -> None:
    box = journey.a_box(world)["code"]
    own = {"from_office": "DE-BER", "to_office": "NG-LOS", "mode": "sea"}
    batch = world.other_logistician.post(f"{V1}/batches", own).ok(201)["code"]
    made_up = [codes.mint(codes.Kind.BOX) for _ in range(2)]
    seen = len(world.journal())
    asked = [box, *made_up]
    refused = world.other_logistician.post(f"{V1}/batches/{batch}/boxes", {"boxes": asked}).problem(404)
    assert all(code in refused["detail"] for code in asked)
    assert [entry[:4] for entry in world.journal()[seen:]] == [("box.refused", "refused", "box", one) for one in asked]
    alone = world.other_logistician.post(f"{V1}/batches/{batch}/boxes", {"boxes": [box]}).problem(404)
    same = world.other_logistician.post(f"{V1}/batches/{batch}/boxes", {"boxes": made_up[:1]}).problem(404)
    assert alone["detail"].replace(box, "") == same["detail"].replace(made_up[0], "")
    line = journey.an_approved_request(world, journey.a_case(world)["code"])["lines"][0]["id"]
    mine = world.other_logistician.post(f"{V1}/boxes", {**BOX, "origin_office": "NG-LOS"}).ok(201)["code"]
    both = sorted([line, str(uuid4())])
    seen = len(world.journal())
    lines = {"lines": [{"request_line": one, "quantity": 1} for one in both]}
    world.other_logistician.post(f"{V1}/boxes/{mine}/pack", lines).problem(404)
    assert [entry[2:4] for entry in world.journal()[seen:]] == [("request line", one) for one in both]


def test_nobody_writes_for_an_office_that_is_not_theirs(world: World) -> None:
    world.other_counsellor.post(f"{V1}/cases", CASE).problem(403)
    world.other_logistician.post(f"{V1}/batches", BATCH).problem(403)
    world.other_logistician.post(f"{V1}/boxes", {**BOX, "host_office": "NL-AMS"}).problem(403)
    way = journey.departed(world)
    world.logistician.post(
        f"{V1}/legs/{way['leg']}/events", {"milestone": "in_transit", "occurred_at": journey.moments_ago()}
    ).ok(201)
    world.logistician.post(f"{V1}/receipts", a_receipt(way["box"])).problem(403)
    world.receiver.post(f"{V1}/boxes/{way['box']}/reopen", {"reason": "x"}).problem(403)


PERSONAL = {"counsellor": True, "receiver": True, "coordinator": True, "logistician": False}


@pytest.mark.parametrize("name", PERSONAL)
def test_personal_fields_are_for_those_who_work_with_the_person(world: World, name: str) -> None:
    case = journey.a_case(world)["code"]
    seen = len(world.journal())
    shown = world.people[name].client.get(f"{V1}/cases/{case}").ok()
    kept = world.journal()[seen:]
    if PERSONAL[name]:
        assert shown["personal"] == {
            "name": journey.NAME,
            "phone": journey.PHONE,
            "email": journey.EMAIL,
            "outside_references": [journey.REFERENCE],
        }
        assert kept == [("case.read_personal", "saw", "case", case, str(world.people[name].person_id))]
    else:
        assert shown["personal"] is None
        assert kept == []


def test_a_case_is_found_by_an_outside_reference_only_by_those_who_may_read_it(world: World) -> None:
    case, other = (journey.a_case(world, outside_references=[name])["code"] for name in (journey.REFERENCE, "X-2"))
    for name, may in PERSONAL.items():
        somebody = world.people[name]
        seen = len(world.journal())
        found = somebody.client.get(f"{V1}/cases?q={journey.REFERENCE}").ok()["items"]
        kept = world.journal()[seen:]
        assert [one["code"] for one in found] == ([case] if may else [])
        assert kept == [("case.find_by_reference", "saw", "case", case, str(somebody.person_id))] * may
        by_code = somebody.client.get(f"{V1}/cases?q={other}").ok()["items"]
        assert [one["code"] for one in by_code] == [other]
    assert len(world.journal()) == seen


def test_looks_and_refusals_are_in_the_journal_of_an_office(world: World) -> None:
    case = journey.a_case(world)["code"]
    for path in (f"{V1}/cases/{case}", f"{V1}/cases?q={journey.REFERENCE}"):
        for client in (world.counsellor, world.receiver):
            client.get(path).ok()
    world.other_counsellor.get(f"{V1}/cases/{case}").problem(404)
    world.logistician.post(f"{V1}/cases", CASE).problem(403)
    with world.database.reading() as session:
        offices = {id: code for code, id in session.exec(select(Office.code, Office.id))}
        entries = session.exec(
            select(JournalEntry).where(col(JournalEntry.outcome) != Outcome.DONE).order_by(col(JournalEntry.seq))
        )
        at = [(entry.action, offices[entry.office_id] if entry.office_id else None) for entry in entries]
    looks = [("case.read_personal", HOST)] * 2 + [("case.find_by_reference", HOST)] * 2
    assert at == [*looks, ("case.refused", "DE-BER"), ("access.refused", HOST)]


def test_no_list_or_write_shows_anything_personal(small_world: World) -> None:
    way = journey.departed(small_world)
    canaries = (journey.NAME, journey.PHONE, journey.EMAIL, journey.REFERENCE)
    paths = [f"{V1}/{noun}" for noun in ("cases", "requests", "boxes", "batches")] + _reads(way)[1:]
    for path in paths:
        answer = small_world.everything.get(path)
        assert answer.status == 200
        assert not any(canary.encode() in answer.body for canary in canaries), path
    made = small_world.counsellor.post(f"{V1}/cases", CASE)
    assert made.ok(201)["personal"] is None


def test_a_change_of_role_acts_at_once(world: World) -> None:
    browser, as_ = world.browser("logistician"), world.logistician
    for client in (browser, as_):
        client.post(f"{V1}/boxes", BOX).ok(201)
    _change(
        world,
        lambda s, by: people.revoke_role(
            s, "logistician@example.org", Role.LOGISTICIAN, "NL-AMS", by=by, now=utc_now()
        ),
    )
    for client in (browser, as_):
        client.post(f"{V1}/boxes", BOX).problem(403)
    _change(
        world,
        lambda s, by: people.grant_role(s, "logistician@example.org", Role.COUNSELLOR, "NL-AMS", by=by, now=utc_now()),
    )
    as_.post(f"{V1}/cases", CASE).ok(201)
    _disable(world, "logistician")
    for client in (browser, as_):
        client.get(f"{V1}/boxes").problem(401)


def test_whoever_lost_a_role_is_not_shown_what_was_answered_to_it(world: World) -> None:
    case = journey.a_case(world)["code"]
    first = world.counsellor.post(f"{V1}/cases/{case}/card", idempotency_key="card")
    assert first.status == 201
    _change(
        world,
        lambda s, by: people.grant_role(s, "counsellor@example.org", Role.RECEIVER, ORIGIN, by=by, now=utc_now()),
    )
    assert world.counsellor.post(f"{V1}/cases/{case}/card", idempotency_key="card") == first
    _change(
        world,
        lambda s, by: people.revoke_role(s, "counsellor@example.org", Role.COUNSELLOR, HOST, by=by, now=utc_now()),
    )
    before, seen = dump(world.database), len(world.journal())
    refused = world.counsellor.post(f"{V1}/cases/{case}/card", idempotency_key="card").problem(403)
    assert "roles have changed" in refused["detail"]
    assert [entry[:2] for entry in world.journal()[seen:]] == [("access.refused", "refused")]
    assert dump(world.database) == before


def test_a_browser_is_believed_only_from_our_own_pages(world: World) -> None:
    count = len(world.logistician.get(f"{V1}/boxes").ok()["items"])
    refused = (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "", "origin": "https://evil.example"},
        {"sec-fetch-site": "", "origin": "null"},
        {"sec-fetch-site": "", "origin": "http://127.0.0.1.evil.example"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1"},
        {"sec-fetch-site": ""},
    )
    for headers in refused:
        browser = world.browser("logistician", **headers)
        seen = len(world.journal())
        browser.post(f"{V1}/boxes", BOX).problem(403)
        person = str(world.people["logistician"].person_id)
        assert world.journal()[seen:] == [("access.refused", "refused", "access", f"{V1}/boxes", person)]
        browser.get(f"{V1}/boxes").ok()
    for headers in ({}, {"sec-fetch-site": "", "origin": "http://127.0.0.1"}):
        browser = world.browser("logistician", **headers)
        browser.post(f"{V1}/boxes", BOX).ok(201)
    assert len(world.logistician.get(f"{V1}/boxes").ok()["items"]) == count + 2


def test_a_wrong_key_is_not_rescued_by_a_cookie(small_world: World) -> None:
    browser = small_world.browser("logistician")
    browser.get(f"{V1}/boxes").ok()
    browser.get(f"{V1}/boxes", authorization="Bearer nonsense").problem(401)


def test_a_cookie_of_nobody_is_nobody(small_world: World) -> None:
    for cookie in ("sign-in=x", "sign-in=", f"sign-in={'x' * 5_000}", "__Host-sign-in=token"):
        small_world.anonymous.get(f"{V1}/boxes", cookie=cookie).problem(401)


def _change(world: World, work: Any) -> None:
    by = Actor(world.people["administrator"].person_id, frozenset({(Role.ADMINISTRATOR, None)}))
    perform(world.database, by, lambda session: work(session, by), now=utc_now())


def _disable(world: World, name: str) -> None:
    _change(world, lambda session, by: people.disable_person(session, f"{name}@example.org", by=by, now=utc_now()))


def _revoke(world: World, key: str) -> None:
    _change(world, lambda session, by: revoke_key(session, key.split("_")[1], by=by, now=utc_now()))


def test_the_clock_of_a_key_is_the_installations(small_world: World) -> None:
    wiring = wiring_of(small_world.app)
    small_world.receiver.get(f"{V1}/boxes").ok()
    wiring.clock = lambda: utc_now() + timedelta(days=31)
    small_world.receiver.get(f"{V1}/boxes").problem(401)
