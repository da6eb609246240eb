"""Totals, versions, words and gaps that would tell a unit of tickets which are not its own."""

import pytest

from shared.tickets import Hotline
from tests.factories import BODIES, TEXTS, Desk, make_ticket
from tests.hostile.conftest import Drain
from tests.hostile.sending import is_problem
from tests.platform import Platform

OWN, OTHER = "sanitation-section", "sanitation-centre"
SECRET_WORD = "独角兽雕塑"


async def dispatched(desk: Desk, no: str, unit: str) -> str:
    await desk.act("desk", no, "triage", **BODIES["triage"])
    answer = await desk.act("desk", no, "dispatch", lead=unit)
    assert answer.status_code == 200, answer.text
    return no


@pytest.fixture
async def own(desk: Desk, hotline: Hotline) -> str:
    """One ticket of our unit among four of another's, of which one has a word of its own."""
    texts = {**TEXTS, "content": f"{SECRET_WORD}旁垃圾满溢"}
    await dispatched(desk, await make_ticket(hotline, texts=texts), OTHER)
    await dispatched(desk, await make_ticket(hotline), OTHER)
    no = await dispatched(desk, await make_ticket(hotline), OWN)
    await dispatched(desk, await make_ticket(hotline), OTHER)
    await make_ticket(hotline)
    return no


async def test_counting_a_units_list_has_its_own_and_no_further_page(desk: Desk, own: str) -> None:
    for path in ("/v1/tickets?limit=1", "/v1/tickets?sort=-received&limit=1"):
        answer = await desk.get(OWN, path)
        assert [one["no"] for one in answer.json()["items"]] == [own]
        assert answer.json()["next_cursor"] is None
        assert "link" not in answer.headers
        assert set(answer.json()) == {"items", "next_cursor"}


async def test_searching_for_a_word_of_others_tickets_finds_nothing(desk: Desk, own: str) -> None:
    there = await desk.get(OTHER, f"/v1/tickets?q={SECRET_WORD}")
    here = await desk.get(OWN, f"/v1/tickets?q={SECRET_WORD}")
    nowhere = await desk.get(OWN, "/v1/tickets?q=无人说过的话")
    by_unit = await desk.get(OWN, f"/v1/tickets?unit={OTHER}")

    assert len(there.json()["items"]) == 1
    assert here.content == nowhere.content == by_unit.content


async def test_following_the_feed_passes_over_what_others_do_without_a_trace(
    desk: Desk, hotline: Hotline, own: str
) -> None:
    """The place to go on from must not move when only others have worked."""
    first = (await desk.get(OWN, "/v1/events?limit=500")).json()
    await dispatched(desk, await make_ticket(hotline), OTHER)
    second = (await desk.get(OWN, f"/v1/events?after={first['next_cursor']}")).json()

    assert {one["subject"] for one in first["items"]} == {own}
    assert second == {"items": [], "next_cursor": first["next_cursor"]}


async def test_guessing_neighbouring_numbers_answers_as_for_none(desk: Desk, own: str) -> None:
    day, _, serial = own.partition("-")
    answers = []
    for near in range(int(serial) - 3, int(serial) + 4):
        no = f"{day}-{near:06d}"
        if no != own:
            for path in ("", "/events", "/clocks"):
                answer = await desk.get(OWN, f"/v1/tickets/{no}{path}")
                assert is_problem(answer, 404, "not-found")
                answers.append({**answer.json(), "instance": ""})
    assert all(one == answers[0] for one in answers)


async def test_asking_for_a_foreign_ticket_any_fault_of_the_request_comes_after_the_404(
    desk: Desk, own: str, hotline: Hotline
) -> None:
    """Ruling 29: else the kind of refusal tells that it is there."""
    foreign = await dispatched(desk, await make_ticket(hotline), OTHER)
    for no in (foreign, "T20261118-999999"):
        for body in ({}, {"executor": ""}, {"nonsense": 1}, {"executor": "李工"}):
            for headers in ({}, {"Idempotency-Key": ""}, {"If-Match": '"0"'}):
                answer = await desk.act(OWN, no, "accept", headers=headers, **body)
                assert is_problem(answer, 404, "not-found"), (no, body, headers)


async def test_naming_a_foreign_ticket_in_a_body_tells_nothing_of_it(
    desk: Desk, own: str, hotline: Hotline
) -> None:
    """`contact_id` of somebody else's contact is as unknown as one that is none."""
    foreign = await dispatched(desk, await make_ticket(hotline), OTHER)
    contacted = await desk.act(OTHER, foreign, "contact", **BODIES["contact"])
    theirs = contacted.json()["contacts"][0]["id"]
    for action in ("accept", "dispose"):
        await desk.act(OWN, own, action, **BODIES[action])

    told = [
        await desk.act(OWN, own, "feedback", **{**BODIES["feedback"], "contact_id": one})
        for one in (theirs, "C999999")
    ]

    assert [one.status_code for one in told] == [422, 422]
    assert told[0].json()["errors"] == told[1].json()["errors"]


async def test_matters_count_for_a_unit_what_it_may_see(
    desk: Desk, city: Platform, drain: Drain
) -> None:
    """Two of three complaints of one matter are another unit's."""
    nos = []
    for n, unit in enumerate((OWN, OTHER, OTHER)):
        more = {} if n == 0 else {"is_repeat": True, "repeat_of": "SH-0"}
        pushed = await city.create(f"SH-{n}", **more)
        await drain()
        nos.append((await city.receipt(pushed))["ticket_no"])
        await dispatched(desk, nos[-1], unit)
    matter = (await desk.get(OWN, f"/v1/tickets/{nos[0]}")).json()["matter"]

    listed = (await desk.get(OWN, "/v1/matters")).json()["items"]
    whole = await desk.get(OWN, f"/v1/matters/{matter}")

    assert [(one["id"], one["tickets"], one["units"]) for one in listed] == [(matter, 1, [OWN])]
    for no in nos[1:]:
        assert no not in whole.text
    assert OTHER not in whole.text


async def test_complained_of_the_unit_finds_the_ticket_in_no_figure_either(
    desk: Desk, figures: Desk, city: Platform, drain: Drain
) -> None:
    """Ruling 19: it never sees the ticket; so neither its number behind a figure."""
    pushed = await city.create("SH-1")
    await drain()
    no = (await city.receipt(pushed))["ticket_no"]
    await dispatched(desk, no, OWN)
    await city.push("ticket.updated", upstream_no="SH-1", revision=2, object_unit=OWN)
    await drain()
    drill = "/v1/scores/tickets?period=2026-11&metric=intake"

    assert no in (await figures.get("leader", drill)).text
    assert is_problem(await desk.get(OWN, f"/v1/tickets/{no}"), 404, "not-found")
    for path in (drill, "/v1/facts", "/v1/facts?format=csv"):
        answer = await figures.get(OWN, path)
        assert answer.status_code == 200
        assert no not in answer.text, path
    figured = await figures.get(OWN, f"/v1/tickets/{no}/figures")
    assert is_problem(figured, 404, "not-found")
