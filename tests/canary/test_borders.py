"""People write numbers and names where nobody expects them; each place keeps them to itself."""

import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest
from fastapi import Request
from httpx import AsyncClient
from sqlalchemy import text

from services.cli.doctor import examine_servers
from shared.domain.actor import SYSTEM
from shared.domain.readings import ReadingKind
from shared.errors import Unavailable
from shared.logging import JsonLines
from shared.settings import Settings
from shared.tickets import Hotline
from shared.web.measuring import ROUTE, UNKNOWN
from shared.web.problems import render_problem, render_unexpected
from shared.web.readings import reading_page
from tests.canary.forms import make_needles
from tests.canary.people import Person
from tests.canary.pushing import created, number_of
from tests.canary.search import search
from tests.conftest import BUREAU
from tests.factories import Desk
from tests.platform import Platform

Drain = Callable[[], Awaitable[int]]
SOMEBODY = Person(4_000)
KEPT = text(
    "SELECT (SELECT jsonb_agg(to_jsonb(k)) FROM idempotency_keys AS k)::text || coalesce("
    "(SELECT jsonb_agg(to_jsonb(f)) FROM sign_in_failures AS f)::text, '') || "
    "(SELECT jsonb_agg(to_jsonb(a)) FROM audit_entries AS a)::text AS kept"
)
MESSAGES = text("SELECT string_agg(encode(body, 'escape'), '') AS kept FROM raw_messages")


def shows(told: str | bytes) -> list[str]:
    raw = told.encode() if isinstance(told, str) else told
    return [hit.line for hit in search("", raw, make_needles())]


async def take_in(city: Platform, drain: Drain, **changed: Any) -> str:
    pushed = await city.push("ticket.created", **created(SOMEBODY, **changed))
    await drain()
    return str((await city.receipt(pushed))["ticket_no"])


async def kept(hotline: Hotline, statement: Any) -> str:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(statement)
    assert row is not None
    return str(row.kept)


async def test_a_field_named_after_somebody_is_not_named_back(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    no = await take_in(city, drain)
    odd: dict[str, Any] = {SOMEBODY.name: 1, SOMEBODY.phone: 2, "known_by_nobody": 3}
    acted = await desk.act("desk", no, "urge", text="催办", **odd)
    pushed = await city.send(orjson.dumps({"type": "x.y", **odd}))
    asked = await desk.get("desk", f"/v1/tickets?{quote(SOMEBODY.name)}=1")

    assert {acted.status_code, pushed.status_code} == {422}
    for answer in (acted, pushed, asked):
        assert shows(answer.content) == []
    assert "/known_by_nobody" in {one["pointer"] for one in acted.json()["errors"]}


async def test_what_a_platform_says_later_hides_other_people_too(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    no = await take_in(city, drain)
    for kind in ("ticket.urged", "ticket.supervised"):
        await city.push(kind, upstream_no=number_of(SOMEBODY), text=SOMEBODY.words)
    await drain()
    told = await desk.get("desk", f"/v1/tickets/{no}/events")

    assert len(told.json()["items"]) >= 3
    assert shows(told.content) == []


async def test_a_number_in_the_name_of_a_street_goes_into_no_ticket_and_no_figure(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    no = await take_in(city, drain, street_name=f"江宁路街道 {SOMEBODY.phone} {SOMEBODY.name}")
    ticket = await desk.get("desk", f"/v1/tickets/{no}")

    assert ticket.json()["street"].startswith("江宁路街道 ")
    assert shows(ticket.content) == []


@pytest.mark.parametrize("named", [SOMEBODY.phone, quote(SOMEBODY.name)])
async def test_a_file_named_after_the_caller_is_refused(
    city: Platform, desk: Desk, drain: Drain, named: str
) -> None:
    no = await take_in(city, drain)
    await desk.walk(no, until="accept")
    files = [{"kind": "recording", "url": f"https://files.example/{named}.wav"}]
    body: dict[str, Any] = {"text": "冲洗", "site_check": "yes"}
    refused = await desk.act("sanitation-section", no, "dispose", **body, attachments=files)
    files[0]["url"] = "https://files.example/1.wav"
    taken = await desk.act("sanitation-section", no, "dispose", **body, attachments=files)

    assert (refused.status_code, taken.status_code) == (422, 200)
    assert refused.json()["errors"][0]["pointer"] == "/attachments/0/url"


async def test_keys_and_names_typed_in_are_kept_without_the_people_in_them(
    city: Platform, desk: Desk, drain: Drain, hotline: Hotline, settings: Settings
) -> None:
    no = await take_in(city, drain)
    headers = {"Idempotency-Key": f"call {SOMEBODY.phone}"}
    first = await desk.act("desk", no, "urge", text="催办", headers=headers)
    again = await desk.act("desk", no, "urge", text="催办", headers=headers)
    login = {"account": SOMEBODY.phone, "password": SOMEBODY.name}
    for turn in range(6):
        sent = {"Idempotency-Key": f"sign-in-{turn}"}
        refused = await desk.client.post("/v1/session", json=login, headers=sent)
        assert refused.status_code == 401
    said = "".join(one.line for one in await examine_servers(settings, unlocked=True))

    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert shows(await kept(hotline, KEPT)) == []
    assert "没有这个登录名" in said
    assert shows(said) == []


def test_of_what_is_sought_the_record_keeps_codes_alone() -> None:
    asked = {
        "q": SOMEBODY.phone,
        "street": SOMEBODY.name,
        "key": SOMEBODY.phone,
        "state": "triaged",
    }
    asked |= {"matter": "M-000012", SOMEBODY.phone: "1"}
    route = SimpleNamespace(operation_id="list", unique_id="list")
    scope = {"type": "http", "headers": [], "route": route, "query_string": urlencode(asked)}
    told = reading_page(Request(scope), SYSTEM, ReadingKind.LIST).detail["query"]

    assert shows(str(told)) == []
    assert isinstance(told, dict)
    assert (told["state"], told["matter"], told["q"]) == ("triaged", "M-000012", 11)


async def test_originals_lie_sealed_and_faulty_ones_are_shown_without_people(
    city: Platform, intake: AsyncClient, keys: dict[str, str], drain: Drain, hotline: Hotline
) -> None:
    await take_in(city, drain)
    data = created(SOMEBODY)
    unclear = {**data, "caller": {**data["caller"], "name": [SOMEBODY.name]}}
    unnamed = {"upstream_no": number_of(SOMEBODY), "content": SOMEBODY.words, "urgency": "?"}
    for kind, told in (("ticket.created", unclear), ("ticket.updated", unnamed)):
        assert (await city.push(kind, **told)).status_code == 422
    headers = {"Authorization": f"Bearer {keys['admin']}"}
    listed = await intake.get("/v1/quarantine", headers=headers)
    bodies = [one["body"]["data"] for one in listed.json()["items"]]

    assert shows(await kept(hotline, MESSAGES)) == []
    assert shows(listed.content) == []
    assert bodies[0]["upstream_no"] == number_of(SOMEBODY)
    assert "压缩站旁垃圾满溢" in bodies[1]["content"]


@pytest.mark.parametrize("route", ["/v1/tickets/{no}", None])
async def test_a_failed_request_is_logged_by_its_route_alone(
    caplog: pytest.LogCaptureFixture, route: str | None
) -> None:
    path = f"/v1/tickets/{SOMEBODY.phone}"
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": []}
    request = Request(scope | ({ROUTE: route} if route else {}))
    for failure in (Unavailable(), KeyError(SOMEBODY.words)):
        render = render_problem if isinstance(failure, Unavailable) else render_unexpected
        answer = await render(request, failure)
        assert shows(bytes(answer.body)) == []

    told = [JsonLines().format(one) for one in caplog.records]
    assert [json.loads(one)["route"] for one in told] == [f"GET {route or UNKNOWN}"] * 2
    assert shows("".join(told)) == []
