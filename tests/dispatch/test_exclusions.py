"""Exclusions (剔除): the desk asks, a leader decides; the ticket itself goes on as before."""

from typing import Any

import pytest

from shared.domain.words import AppealVerdict, ExclusionReason, Role
from shared.identity import issue_key
from shared.labels import APPEAL_VERDICTS, EXCLUSION_REASONS
from shared.tickets import Hotline
from tests.factories import Desk, make_ticket

UNIT, ASSIST = "sanitation-section", "chengfa-sanitation"
ASKED: dict[str, Any] = {"reason_code": "outside_remit", "reason": "所反映的事项由房管部门负责"}
YES: dict[str, Any] = {"granted": True, "comment": "同意剔除"}
NO: dict[str, Any] = {"granted": False, "comment": "应计入"}


async def test_a_granted_exclusion_leaves_the_ticket_as_it_was(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until="dispose")
    asked = (await desk.act("desk", no, "exclude", **ASKED)).json()
    decided = (await desk.act("leader", no, "decide-exclusion", **YES)).json()
    own = (await desk.get(UNIT, f"/v1/tickets/{no}")).json()

    assert before["exclusion"] is None
    shown = [(one["state"], one["reason"]) for one in (asked["exclusion"], decided["exclusion"])]
    assert shown == [("pending", ASKED["reason"]), ("granted", ASKED["reason"])]
    assert decided["exclusion"]["comment"] == YES["comment"]
    assert own["exclusion"] == decided["exclusion"]
    assert own["exclusion"]["reason_code"] == "outside_remit"
    for after in (asked, decided):
        assert (after["state"], after["clocks"]) == (before["state"], before["clocks"])
    assert [asked["version"], decided["version"]] == [before["version"] + 1, before["version"] + 2]
    history = (await desk.get(UNIT, f"/v1/tickets/{no}/events?limit=500")).json()["items"]
    assert [(one["type"], one["data"]["texts"]) for one in history[-2:]] == [
        ("ticket.exclusion_requested", {"reason": ASKED["reason"]}),
        ("ticket.exclusion_decided", {"comment": YES["comment"]}),
    ]


async def test_one_waits_at_a_time_and_none_follows_one_that_was_granted(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    statuses = []
    for who, action, body in (
        ("leader", "decide-exclusion", YES),
        ("desk", "exclude", ASKED),
        ("desk", "exclude", ASKED),
        ("leader", "decide-exclusion", NO),
        ("leader", "decide-exclusion", NO),
        ("desk", "exclude", ASKED | {"reason_code": "malicious"}),
        ("leader", "decide-exclusion", YES),
        ("desk", "exclude", ASKED),
    ):
        answer = await desk.act(who, no, action, **body)
        statuses.append(answer.status_code)

    assert statuses == [409, 200, 409, 200, 409, 200, 200, 409]
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert (ticket["exclusion"]["reason_code"], ticket["exclusion"]["state"]) == (
        "malicious",
        "granted",
    )
    assert "exclude" not in answer.json()["allowed"]


async def test_nobody_decides_on_what_they_asked_to_exclude(
    desk: Desk, hotline: Hotline, keys: dict[str, str]
) -> None:
    no = await make_ticket(hotline)
    asked = (await desk.act("desk", no, "exclude", **ASKED)).json()
    async with hotline.database.transaction(1) as tx:
        person = asked["exclusion"]["by"]
        key = await issue_key(tx.connection, 1, role=Role.LEADER, actor=person)
    twin = Desk(desk.client, {**keys, "twin": key.plain})

    assert (await twin.act("twin", no, "decide-exclusion", **YES)).status_code == 403
    assert (await desk.act("leader", no, "decide-exclusion", **YES)).status_code == 200


@pytest.mark.parametrize(
    ("who", "action", "status"),
    [
        ("leader", "exclude", 403),
        ("admin", "exclude", 403),
        (UNIT, "exclude", 403),
        (UNIT, "decide-exclusion", 403),
        ("desk", "decide-exclusion", 403),
        ("greening-section", "exclude", 404),
    ],
)
async def test_exclusion_is_the_desks_and_the_decision_a_leaders(
    desk: Desk, hotline: Hotline, who: str, action: str, status: int
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    await desk.act("desk", no, "exclude", **ASKED)

    assert (await desk.act(who, no, action)).status_code == status


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"reason_code": "boring"}, "/reason_code"),
        ({"reason": None}, "/reason"),
        ({"round": 1}, "/round"),
    ],
)
async def test_an_unsound_exclusion_is_refused_by_the_field(
    desk: Desk, hotline: Hotline, changed: dict[str, Any], pointer: str
) -> None:
    no = await make_ticket(hotline)
    answer = await desk.act("desk", no, "exclude", **ASKED | changed)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_a_leader_is_told_and_then_the_desk_and_the_unit_it_counts_for(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    asked = (await desk.act("desk", no, "exclude", **ASKED)).json()
    await desk.act("leader", no, "decide-exclusion", **YES)

    items = (await desk.get("desk", "/v1/notices?limit=500")).json()["items"]
    told = [one for one in items if one["data"].get("what") == "exclusion"]
    assert [(one["kind"], one["to"]["id"]) for one in told] == [
        ("requested", "leader"),
        ("decided", "desk"),
        ("decided", asked["exclusion"]["by"]),
        ("decided", UNIT),
    ]
    assert told[-1]["data"] == {
        "what": "exclusion",
        "reason_code": "outside_remit",
        "granted": True,
    }


def test_every_verdict_and_every_reason_has_its_label() -> None:
    assert set(APPEAL_VERDICTS) == set(AppealVerdict)
    assert set(EXCLUSION_REASONS) == set(ExclusionReason)
