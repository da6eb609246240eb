"""What a careless or a hostile caller sends, and what must not be seen."""

from typing import Any

import pytest

from shared.domain.events import FieldRank, ReworkOpened, TicketUpdated
from shared.tickets import Hotline, lock_no
from tests.factories import BODIES, CITY, Desk, make_ticket

UNIT = "sanitation-section"


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("contact", {**BODIES["contact"], "content": "电话\0"}, "/content"),
        ("contact", {"result": "unreached", "mode": "phone", "content": "无人接"}, "/reason_code"),
        ("urge", {"text": "请\0尽快"}, "/text"),
        ("urge", {"text": "请尽快", "a\0b": 1}, ""),
        ("supervise", {"text": "请尽快", "level": "2"}, "/level"),
        ("supervise", {"text": "请尽快", "level": True}, "/level"),
        ("follow-up", {"reached": "yes", "redo": "no"}, "/redo"),
        ("follow-up", {"reached": "refused", "overall": "satisfied"}, "/overall"),
        ("triage", {"trade": "sanitation", "category": "S-99"}, "/category"),
        (
            "site-visit",
            {"findings": "满溢", "participants": ["李工"], "lng": "121.4"},
            "/lng",
        ),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused_at_its_field(
    desk: Desk, hotline: Hotline, action: str, body: dict[str, Any], pointer: str
) -> None:
    no = await make_ticket(hotline)
    if action == "follow-up":
        await desk.walk(no, until="complete")
    refused = await desk.act("desk", no, action, **body)

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid")
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]


async def test_an_address_with_nul_is_not_found(desk: Desk) -> None:
    answer = await desk.get("desk", "/v1/tickets/%00")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize("path", ["/livez/", "/v1/tickets/"])
async def test_a_trailing_slash_is_another_address(desk: Desk, path: str) -> None:
    answer = await desk.get("desk", path)

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_an_untriaged_ticket_is_not_refused_for_its_trade(
    desk: Desk, hotline: Hotline
) -> None:
    refused = await desk.act("desk", await make_ticket(hotline), "dispatch", lead=UNIT)

    assert refused.status_code == 409
    assert refused.json()["state"] == "received"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/tickets?unit=nowhere", "/unit"),
        ("/v1/tickets?colour=red", "/colour"),
        ("/v1/tickets?state=received&state=triaged", "/state"),
        ("/v1/tickets?cursor=zz", "/cursor"),
        ("/v1/events?after=zz", "/after"),
        ("/v1/events?cursor=zz", "/cursor"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_at_its_parameter(
    desk: Desk, path: str, pointer: str
) -> None:
    refused = await desk.get("desk", path)

    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]


async def test_only_the_very_cursor_given_out_opens_the_next_page(
    desk: Desk, hotline: Hotline
) -> None:
    for _ in range(2):
        await make_ticket(hotline)
    cursor = (await desk.get("desk", "/v1/tickets?limit=1")).json()["next_cursor"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = {cursor[:-1] + letter for letter in alphabet} - {cursor} | {f"{cursor}=="}

    answers = [await desk.get("desk", f"/v1/tickets?limit=1&cursor={one}") for one in others]
    assert {answer.status_code for answer in answers} == {422}
    assert (await desk.get("desk", f"/v1/tickets?limit=1&cursor={cursor}")).status_code == 200


async def test_a_unit_complained_of_later_sees_its_ticket_no_more(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline, object_unit=None)
    await desk.walk(no, until="dispatch")
    assert (await desk.get(UNIT, f"/v1/tickets/{no}")).status_code == 200
    await complain_of(hotline, no, UNIT)

    unknown = await desk.get(UNIT, "/v1/tickets/T20260101-000001")
    answer = await desk.get(UNIT, f"/v1/tickets/{no}")
    act = await desk.act(UNIT, no, "accept", executor="李工")
    listed = await desk.get(UNIT, "/v1/tickets")
    feed = await desk.get(UNIT, "/v1/events")

    assert (answer.status_code, act.status_code) == (404, 404)
    assert answer.json() | {"instance": ""} == unknown.json() | {"instance": ""}
    assert (listed.json()["items"], feed.json()["items"]) == ([], [])
    assert (await desk.get("chengfa-sanitation", f"/v1/tickets/{no}")).status_code == 200


async def complain_of(hotline: Hotline, no: str, unit: str) -> None:
    async with hotline.ledger(1) as ledger:
        ticket = await lock_no(ledger.tx, no)
        assert ticket is not None
        event = TicketUpdated(
            source="city-12345",
            upstream_no=ticket.upstream[0].no,
            rank=FieldRank(at=ledger.now),
            changes={"object_unit": unit},
            before={},
            carried=("object_unit",),
        )
        ledger.record(ticket, event, actor=CITY, occurred_at=ledger.now)


async def test_a_round_opened_by_a_platform_wants_a_recording(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="complete")
    async with hotline.ledger(1) as ledger:
        ticket = await lock_no(ledger.tx, no)
        assert ticket is not None
        event = ReworkOpened(round=2, own=False, source="city-12345", upstream_no="SH-F-1")
        ledger.record(ticket, event, actor=CITY, occurred_at=ledger.now)
    before = await desk.walk(no, until="dispose")
    feedback = {**BODIES["feedback"], "contact_id": before["contacts"][0]["id"]}
    recording = {"kind": "recording", "url": "https://files.example/1.wav"}

    refused = await desk.act(UNIT, no, "feedback", **feedback)
    accepted = await desk.act(UNIT, no, "feedback", **feedback, attachments=[recording])

    assert [one["pointer"] for one in refused.json()["errors"]] == ["/attachments"]
    assert accepted.status_code == 200


async def test_who_promised_is_a_text_and_times_are_the_citys(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    visit: dict[str, Any] = {
        "findings": "作业时段偏晚",
        "participants": ["李工"],
        "commitments": [{"text": "提前收工", "owner": "王站长", "due_on": "2026-11-30"}],
    }
    shown = (await desk.act("desk", no, "site-visit", **visit)).json()["site_visits"][0]
    await desk.walk(no, until="complete")
    feed = (await desk.get("desk", "/v1/events?limit=500")).json()["items"]
    data = {one["type"]: one["data"] for one in feed if one["subject"] == no}

    assert shown["commitments"][0]["owner"] == "王站长"
    assert "王站长" not in str(feed)
    assert data["ticket.completed"]["archive_at"].endswith("+08:00")
