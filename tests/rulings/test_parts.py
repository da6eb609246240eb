"""Rulings 16, 17 and 28: assists, contractors, former leads, and what a feedback must carry."""

from typing import Any

import pytest

from shared.domain.words import TicketKind
from shared.tickets import Hotline
from tests.factories import BODIES, Desk, make_ticket

LEAD, ASSIST = "sanitation-section", "chengfa-sanitation"
ASSIST_STEPS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("accept", {"executor": "王班长"}, "accepted"),
    ("dispose", {**BODIES["dispose"], "done": True}, "done"),
)


@pytest.mark.parametrize("until", ["dispatch", "accept", "dispose", "feedback", "complete"])
async def test_ruling_16_an_assist_goes_its_own_way_whatever_the_tickets_state(
    desk: Desk, hotline: Hotline, until: str
) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until=until)
    for action, body, own in ASSIST_STEPS:
        after = (await desk.act(ASSIST, no, action, **body)).json()
        assert after["assists"][0]["state"] == own
        assert after["state"] == before["state"]

    assert (await desk.act(ASSIST, no, "accept", executor="王班长")).status_code == 409


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_ruling_16_completion_neither_waits_for_assists_nor_ends_their_part(
    desk: Desk, hotline: Hotline, steps: int
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    for action, body, _ in ASSIST_STEPS[:steps]:
        await desk.act(ASSIST, no, action, **body)
    for action in ("accept", "contact", "dispose"):
        ticket = (await desk.act(LEAD, no, action, **BODIES[action])).json()
    contact = {"contact_id": ticket["contacts"][0]["id"]}
    await desk.act(LEAD, no, "feedback", **BODIES["feedback"], **contact)
    await desk.act("desk", no, "reply", **BODIES["reply"])
    done = (await desk.act("desk", no, "complete")).json()

    assert done["state"] == "completed"
    assert done["assists"][0]["state"] == ("assigned", "accepted", "done")[steps]


async def test_ruling_16_assists_have_clocks_of_their_own_that_are_shown(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    ticket = await desk.walk(no, until="dispatch")
    for action, body, _ in ASSIST_STEPS:
        await desk.act(ASSIST, no, action, **body)
    items = (await desk.get("desk", f"/v1/tickets/{no}/clocks")).json()["items"]
    states = {one["name"]: one["state"] for one in items if one["unit"] == ASSIST}

    assert states == {"unit_accept": "met", "unit_complete": "met"}
    assert ticket["assists"][0]["due"] == ticket["clocks"]["unit_complete"]["due"]


async def test_ruling_17_a_contractor_may_lead_but_not_reply(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="triage")
    await desk.act("desk", no, "dispatch", lead=ASSIST)
    for action in ("accept", "contact", "dispose"):
        ticket = (await desk.act(ASSIST, no, action, **BODIES[action])).json()
    contact = {"contact_id": ticket["contacts"][0]["id"]}
    fed_back = await desk.act(ASSIST, no, "feedback", **BODIES["feedback"], **contact)
    refused = await desk.act(ASSIST, no, "reply", **BODIES["reply"])

    assert (fed_back.status_code, refused.status_code) == (200, 403)
    assert (await desk.act("desk", no, "reply", **BODIES["reply"])).status_code == 200


@pytest.mark.parametrize("action", ["feedback", "reply"])
async def test_ruling_17_what_is_the_leads_is_not_the_assists(
    desk: Desk, hotline: Hotline, action: str
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispose" if action == "feedback" else "feedback")
    refused = await desk.act(ASSIST, no, action, **BODIES[action])

    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize("action", ["accept", "contact", "dispose", "feedback", "reply"])
async def test_ruling_17_a_former_lead_reads_but_may_do_nothing(
    desk: Desk, hotline: Hotline, action: str
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, follow_up={"redo": True})
    await desk.act("desk", no, "triage", **BODIES["triage"])
    await desk.act("desk", no, "dispatch", lead="sanitation-centre")

    assert (await desk.get(LEAD, f"/v1/tickets/{no}")).status_code == 200
    assert (await desk.act(LEAD, no, action, **BODIES[action])).status_code == 403


@pytest.mark.parametrize(
    ("kind", "needed"),
    [(TicketKind.REWORK, "recording"), (TicketKind.STATE_COUNCIL, "sealed_doc")],
)
async def test_ruling_28_what_the_domain_demands_is_attached_or_refused(
    desk: Desk, hotline: Hotline, kind: TicketKind, needed: str
) -> None:
    no = await make_ticket(hotline, ticket_kind=kind)
    ticket = await desk.walk(no, until="dispose")
    body = {**BODIES["feedback"], "contact_id": ticket["contacts"][0]["id"]}
    other = {"kind": "photo_after", "url": "https://files.example/1.jpg"}
    right = {"kind": needed, "url": "https://files.example/1"}

    refused = await desk.act(LEAD, no, "feedback", **body, attachments=[other])
    taken = await desk.act(LEAD, no, "feedback", **body, attachments=[other, right])
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/attachments"]
    assert taken.status_code == 200
