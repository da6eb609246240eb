"""Figures made to look good are named for people to look into; they are never silently punished."""

import pytest

from shared.tickets import Hotline
from tests.factories import BODIES, Desk, SetClock, make_ticket
from tests.hostile.conftest import Drain
from tests.hostile.sending import is_problem

BULK = 10  # from so many on it is one
UNIT, OTHER = "sanitation-section", "sanitation-centre"
FLAGS = "/v1/flags?period=2026-11"
ASSURED = "已致电市民，市民表示满意，无其他诉求。"


@pytest.fixture
async def gamed(desk: Desk, hotline: Hotline, drain: Drain) -> list[str]:
    """So many tickets, contacted in one minute and in one and the same sentence."""
    nos = []
    for _ in range(BULK):
        nos.append(no := await make_ticket(hotline))
        await desk.walk(no, until="dispatch", dispatch={"assists": []})
        answer = await desk.act(UNIT, no, "contact", **{**BODIES["contact"], "content": ASSURED})
        assert answer.status_code == 200, answer.text
    await drain()
    return nos


async def test_gaming_bulk_contacts_and_copied_words_are_flagged_and_cost_nothing(
    figures: Desk, gamed: list[str]
) -> None:
    flagged = (await figures.get("leader", FLAGS)).json()["items"]
    sheet = (await figures.get("leader", "/v1/scores?period=2026-11")).json()

    assert [(one["kind"], one["unit"], one["count"]) for one in flagged] == [
        ("bulk_contacts", UNIT, BULK),
        ("copied_words", UNIT, BULK),
    ]
    assert flagged[0]["tickets"] == sorted(gamed)
    assert ASSURED not in str(flagged)
    (row,) = [one for one in sheet["rows"] if one["key"] == UNIT]
    assert (row["intake"], row["adjustments"]) == (BULK, [])


async def test_gaming_a_unit_sees_what_is_said_of_it_and_of_nobody_else(
    figures: Desk, gamed: list[str]
) -> None:
    own, other = await figures.get(UNIT, FLAGS), await figures.get(OTHER, FLAGS)
    unasked = await figures.get("leader", "/v1/flags")

    assert len(own.json()["items"]) == 2
    assert other.json() == {"items": [], "next_cursor": None}
    assert is_problem(unasked, 422, "invalid")


async def test_gaming_feedback_just_before_its_due_is_flagged(
    desk: Desk, figures: Desk, hotline: Hotline, set_clock: SetClock, drain: Drain
) -> None:
    nos = [await make_ticket(hotline) for _ in range(5)]
    for no in nos:
        ticket = await desk.walk(no, until="dispose", dispatch={"assists": []})
    await set_clock(ticket["clocks"]["unit_complete"]["due"])
    for no in nos:
        contact = (await desk.get(UNIT, f"/v1/tickets/{no}")).json()["contacts"][-1]["id"]
        body = {**BODIES["feedback"], "summary": f"{no}已清运", "contact_id": contact}
        assert (await desk.act(UNIT, no, "feedback", **body)).status_code == 200
    await drain()

    flagged = (await figures.get(UNIT, FLAGS)).json()["items"]

    assert ("last_minute", UNIT, 5) in [(one["kind"], one["unit"], one["count"]) for one in flagged]
