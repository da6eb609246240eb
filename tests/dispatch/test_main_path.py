"""A ticket from triage to follow-up, and every way to be refused on it."""

import asyncio
from typing import Any

import pytest

from shared.domain.fold import fold
from shared.tickets import Hotline, find_tickets, list_entries
from tests.factories import BODIES, Desk, SetClock, make_ticket

STATUSES = {"not-found": 404, "forbidden": 403, "invalid": 422, "transition-not-allowed": 409}


async def test_the_main_path_ends_followed_up_with_every_clock_met(
    desk: Desk, hotline: Hotline
) -> None:
    ticket = await desk.walk(await make_ticket(hotline))

    assert (ticket["state"], ticket["round"]) == ("followed_up", 1)
    assert {clock["state"] for clock in ticket["clocks"].values()} == {"met"}
    assert ticket["contacts"][0]["effective"] is True
    assert ticket["light"] == "green"


async def test_the_log_folds_to_the_row(desk: Desk, hotline: Hotline) -> None:
    await desk.walk(await make_ticket(hotline))
    async with hotline.database.transaction(1, writing=False) as tx:
        entries = await list_entries(tx, [1])
        tickets = await find_tickets(tx, [1])

    folded = fold(1, entries[1])
    by_key = {clock.key: clock for clock in tickets[1].clocks}
    assert {clock.key: clock for clock in folded.clocks} == by_key
    assert folded.state is tickets[1].state
    assert (folded.seq, folded.version) == (tickets[1].seq, tickets[1].version)


@pytest.mark.parametrize(
    ("who", "action", "body", "code"),
    [
        ("chengfa-greening", "accept", {"executor": "李工"}, "not-found"),
        ("admin", "triage", BODIES["triage"], "forbidden"),
        ("bi", "triage", BODIES["triage"], "forbidden"),
        ("leader", "triage", BODIES["triage"], "forbidden"),
        ("desk", "triage", {"trade": "sanitation"}, "invalid"),
        ("desk", "triage", {**BODIES["triage"], "colour": "red"}, "invalid"),
        ("desk", "triage", {"trade": "sanitation", "category": "G-01"}, "invalid"),
        ("desk", "triage", {**BODIES["triage"], "at": "2026-11-18T10:00:00+08:00"}, "invalid"),
        ("desk", "triage", {**BODIES["triage"], "at": "2026-11-18T09:20:00+08:00"}, "invalid"),
        ("desk", "complete", {}, "transition-not-allowed"),
    ],
)
async def test_a_refusal_names_its_reason_and_changes_nothing(  # noqa: PLR0917
    desk: Desk,
    hotline: Hotline,
    who: str,
    action: str,
    body: dict[str, Any],
    code: str,
) -> None:
    no = await make_ticket(hotline)
    refused = await desk.act(who, no, action, **body)

    assert (refused.status_code, refused.json()["type"]) == (STATUSES[code], f"/problems/{code}")
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["version"] == 1


async def test_a_refused_transition_says_what_this_caller_may_do_now(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    refused = (await desk.act("desk", no, "complete")).json()

    assert refused["state"] == "received"
    assert refused["allowed"] == [
        "contact",
        "exclude",
        "request-extension",
        "request-upstream-return",
        "reveal",
        "site-visit",
        "supervise",
        "triage",
        "urge",
        "void",
    ]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lead": "nowhere"}, "/lead"),
        ({"lead": "greening-section"}, "/lead"),
        ({"lead": "hotline-desk"}, "/lead"),
        ({"lead": "sanitation-centre"}, "/lead"),
        ({"lead": "sanitation-section", "assists": ["sanitation-section"]}, "/assists"),
    ],
)
async def test_a_ticket_goes_only_to_units_that_may_have_it(
    desk: Desk, hotline: Hotline, body: dict[str, Any], pointer: str
) -> None:
    no = await make_ticket(hotline, object_unit="sanitation-centre")
    await desk.walk(no, until="triage")
    refused = await desk.act("desk", no, "dispatch", **body)

    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]


async def test_the_same_key_replays_the_answer_and_another_body_is_refused(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    key = {"Idempotency-Key": "one"}
    first = await desk.act("desk", no, "triage", headers=key, **BODIES["triage"])
    again = await desk.act("desk", no, "triage", headers=key, **BODIES["triage"])
    other = await desk.act("desk", no, "triage", headers=key, trade="greening", category="G-01")

    assert (first.status_code, again.content) == (200, first.content)
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["version"] == 2


async def test_of_many_writers_with_the_same_version_exactly_one_wins(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    calls = [
        desk.act("desk", no, "urge", headers={"If-Match": '"1"'}, text="请尽快") for _ in range(8)
    ]
    statuses = [one.status_code for one in await asyncio.gather(*calls)]

    assert sorted(statuses) == [200] + [412] * 7


async def test_an_assist_works_by_its_own_state_and_never_moves_the_tickets(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    early = await desk.act("chengfa-sanitation", no, "dispose", **BODIES["dispose"])
    await desk.act("chengfa-sanitation", no, "accept", executor="王班长")
    done = await desk.act("chengfa-sanitation", no, "dispose", done=True, **BODIES["dispose"])

    assert early.status_code == 409
    assert done.json()["state"] == "dispatched"
    assert done.json()["assists"][0]["state"] == "done"


async def test_a_dissatisfied_citizen_opens_two_rounds_and_then_a_supervision(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    unhappy: dict[str, Any] = {"follow_up": {"overall": "dissatisfied", "solved": "no"}}
    for number in (1, 2):
        ticket = await desk.walk(no, **unhappy)
        assert (ticket["state"], ticket["round"]) == ("rework", number + 1)
        assert ticket["clocks"]["complete"]["due"] == "2026-11-23T23:59:59+08:00"
        assert "first_contact" not in ticket["clocks"]
    last = await desk.walk(no, **unhappy)

    assert (last["state"], last["supervision_level"]) == ("followed_up", 2)


async def test_a_rejected_feedback_sets_the_units_clock_running_again(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="feedback")
    ticket = (await desk.act("desk", no, "reject-feedback", comment="请补照片")).json()

    assert ticket["state"] == "in_progress"
    assert ticket["clocks"]["unit_complete"]["state"] == "running"
    clocks = (await desk.get("desk", f"/v1/tickets/{no}/clocks")).json()["items"]
    of_lead = [
        one["state"]
        for one in clocks
        if (one["name"], one["unit"]) == ("unit_complete", "sanitation-section")
    ]
    assert sorted(of_lead) == ["cancelled", "running"]


async def test_warnings_misses_and_archiving_come_at_their_own_due_times(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    version = (await desk.get("desk", f"/v1/tickets/{no}")).json()["version"]
    await set_clock("2026-12-01T00:00:00+08:00")

    events = (await desk.get("desk", f"/v1/tickets/{no}/events?limit=500")).json()["items"]
    missed = [one for one in events if one["type"] == "ticket.clock_missed"]
    names = [one["data"]["name"] for one in missed]
    assert names == ["desk_accept", "first_contact", "complete", "reply"]
    assert [one["time"] for one in missed] == sorted(one["time"] for one in missed)
    assert all(one["time"] == one["recordedtime"] for one in missed)
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert (ticket["version"], ticket["light"]) == (version, "red")


async def test_a_unit_lists_only_its_own_tickets_and_pages_do_not_repeat(
    desk: Desk, hotline: Hotline
) -> None:
    numbers = [await make_ticket(hotline) for _ in range(5)]
    for no in numbers[:3]:
        await desk.walk(no, until="dispatch")
    first = (await desk.get("sanitation-section", "/v1/tickets?limit=2")).json()
    rest = await desk.get(
        "sanitation-section", "/v1/tickets", params={"limit": 2, "cursor": first["next_cursor"]}
    )
    seen = [one["no"] for one in first["items"] + rest.json()["items"]]
    tampered = await desk.get("desk", "/v1/tickets", params={"cursor": first["next_cursor"]})

    assert sorted(seen) == sorted(numbers[:3])
    assert rest.json()["next_cursor"] is None
    assert tampered.status_code == 422


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=压缩站", 1),
        ("q=没有这样的字", 0),
        ("light=green", 1),
        ("light=red", 0),
        ("state=received,triaged", 1),
        ("street=共和新路街道", 1),
        ("trade=greening", 0),
        ("due_before=2026-11-26T00:00:00%2B08:00", 1),
    ],
)
async def test_filters_find_what_they_say(
    desk: Desk, hotline: Hotline, query: str, found: int
) -> None:
    await make_ticket(hotline)
    answer = await desk.get("desk", f"/v1/tickets?{query}")
    assert len(answer.json()["items"]) == found


@pytest.mark.parametrize("query", ["limit=501", "colour=red", "state=open", "cursor=abc"])
async def test_questions_that_make_no_sense_are_refused(desk: Desk, query: str) -> None:
    assert (await desk.get("desk", f"/v1/tickets?{query}")).status_code == 422


async def test_the_feed_goes_on_where_it_stopped_and_is_thin(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="accept")
    page = (await desk.get("sanitation-section", "/v1/events?limit=3")).json()
    rest = (
        await desk.get("sanitation-section", "/v1/events", params={"after": page["next_cursor"]})
    ).json()

    kinds = [one["type"] for one in page["items"] + rest["items"]]
    assert kinds == ["ticket.received", "ticket.triaged", "ticket.dispatched", "ticket.accepted"]
    assert "executor" not in rest["items"][-1]["data"]
    assert rest["next_cursor"] is not None


async def test_a_confidential_callers_unit_sees_no_caller_and_may_not_call(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline, is_confidential=True)
    await desk.walk(no, until="accept")
    seen = (await desk.get("sanitation-section", f"/v1/tickets/{no}")).json()
    refused = await desk.act("sanitation-section", no, "contact", **BODIES["contact"])

    assert "caller" not in seen
    assert refused.status_code == 403
