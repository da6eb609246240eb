"""Appeals (申诉): who may, against what, how long, and what becomes of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from shared.domain.actor import SYSTEM
from shared.domain.events import Event, MatterLeft, RepeatLinked
from shared.domain.words import Role
from shared.identity import issue_key
from shared.tickets import Hotline, lock_no
from tests.factories import BODIES, Desk, SetClock, make_ticket

UNIT, ASSIST, NEXT, FOREIGN = (
    "sanitation-section",
    "chengfa-sanitation",
    "sanitation-centre",
    "greening-section",
)
LATE: dict[str, Any] = {"verdict": "clock:complete", "reason": "道路封闭，清运车辆无法进入"}
AGAINST = {name: {**LATE, "verdict": name} for name in ("clock:reply", "follow_up", "repeat")}
YES: dict[str, Any] = {"granted": True, "comment": "情况属实"}
UNHAPPY = {**BODIES["follow-up"], "overall": "dissatisfied", "solved": "no"}
LATER = "2026-11-26T10:00:00+08:00"
DUE = "2026-11-25T23:59:59+08:00"
FILE = {"kind": "document", "url": "https://files.example/1.pdf"}
OWED = text("SELECT count(*) AS owed FROM deliveries WHERE subscriber = 'scoring'")


def conflict(answer: Response) -> bool:
    return answer.status_code == 409 and answer.json()["type"] == "/problems/conflict"


@dataclass
class Staff:
    """The desk, and the log behind it."""

    desk: Desk
    hotline: Hotline
    set_clock: SetClock

    async def overdue(
        self, *, until: str = "dispose", at: str = "2026-11-26T10:00:00+08:00"
    ) -> str:
        """A ticket that was due at the end of Wednesday the 25th."""
        no = await make_ticket(self.hotline)
        await self.desk.walk(no, until=until)
        await self.set_clock(at)
        return no

    async def say(self, who: str, no: str, action: str, **body: Any) -> dict[str, Any]:
        answer = await self.desk.act(who, no, action, **body)
        assert answer.status_code == 200, (action, answer.text)
        return dict(answer.json())

    async def record(self, no: str, event: Event) -> None:
        async with self.hotline.ledger(1) as ledger:
            ticket = await lock_no(ledger.tx, no)
            assert ticket is not None
            ledger.record(ticket, event, actor=SYSTEM)

    async def redone(self) -> str:
        """Round 1 was the section's and a citizen's grievance, round 2 is the centre's."""
        no = await make_ticket(self.hotline)
        await self.desk.walk(no, follow_up=UNHAPPY)
        await self.say("desk", no, "triage", **BODIES["triage"])
        await self.say("desk", no, "dispatch", lead=NEXT)
        return no


@pytest.fixture
def staff(desk: Desk, hotline: Hotline, set_clock: SetClock) -> Staff:
    return Staff(desk, hotline, set_clock)


async def test_an_appeal_waits_for_a_leader_and_moves_no_clock_and_no_state(staff: Staff) -> None:
    no = await staff.overdue()
    before = (await staff.desk.get(UNIT, f"/v1/tickets/{no}")).json()
    asked = await staff.say(UNIT, no, "appeal", **LATE, evidence=[FILE, "见养护日志第12页"])
    decided = await staff.say("leader", no, "decide-appeal", **YES)

    (pending,), (granted,) = asked["appeals"], decided["appeals"]
    assert before["appeals"] == []
    assert (pending["verdict"], pending["round"], pending["state"]) == (
        LATE["verdict"],
        1,
        "pending",
    )
    assert (pending["unit"], pending["reason"]) == (UNIT, LATE["reason"])
    assert pending["at"] == LATER
    assert pending["evidence"] == [{**FILE, "sha256": None}, "见养护日志第12页"]
    assert (granted["state"], granted["comment"]) == ("granted", YES["comment"])
    assert granted["decided_by"] != granted["by"]
    for after in (asked, decided):
        assert (after["state"], after["clocks"]) == (before["state"], before["clocks"])
    assert [asked["version"], decided["version"]] == [before["version"] + 1, before["version"] + 2]


async def test_history_shows_the_words_the_feed_the_codes_and_scoring_is_told(staff: Staff) -> None:
    no = await staff.overdue()
    async with staff.hotline.database.transaction(1, writing=False) as tx:
        before = (await tx.rows(OWED))[0].owed
    await staff.say(UNIT, no, "appeal", **LATE)
    await staff.say("leader", no, "decide-appeal", **YES)
    async with staff.hotline.database.transaction(1, writing=False) as tx:
        assert (await tx.rows(OWED))[0].owed == before + 2

    history = (await staff.desk.get(UNIT, f"/v1/tickets/{no}/events?limit=500")).json()["items"]
    feed = (await staff.desk.get(UNIT, "/v1/events?limit=500")).json()["items"]
    appealed, decided = history[-2:]
    assert [appealed["type"], decided["type"]] == ["ticket.appealed", "ticket.appeal_decided"]
    assert appealed["data"]["texts"] == {"reason": LATE["reason"]}
    assert decided["data"]["texts"] == {"comment": YES["comment"]}
    codes = {"verdict": "clock:complete", "round": 1}
    assert feed[-2]["data"] == codes | {"unit": UNIT}
    assert feed[-1]["data"] == codes | {"granted": True}


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (1, 409)])
async def test_it_is_made_within_three_working_days_of_the_visit(
    staff: Staff, seconds: int, status: int
) -> None:
    no = await staff.overdue(until="reply")
    await staff.say("desk", no, "complete")
    await staff.set_clock("2026-12-01T10:00:00+08:00")
    await staff.say("desk", no, "follow-up", **BODIES["follow-up"])
    latest = datetime.fromisoformat("2026-12-04T23:59:59+08:00") + timedelta(seconds=seconds)
    await staff.set_clock(latest)
    answer = await staff.desk.act(UNIT, no, "appeal", **LATE)

    assert answer.status_code == status
    assert status == 200 or "2026-12-04 23:59" in answer.json()["detail"]


@pytest.mark.parametrize("until", ["dispose", "reply"])
async def test_it_does_not_come_too_late_before_the_visit(staff: Staff, until: str) -> None:
    no = await staff.overdue(until=until)
    if until == "reply":
        await staff.say("desk", no, "complete")
    await staff.set_clock("2026-12-08T10:00:00+08:00")

    assert (await staff.desk.act(UNIT, no, "appeal", **LATE)).status_code == 200


async def test_where_nobody_is_to_be_asked_the_window_runs_from_completion(staff: Staff) -> None:
    no = await make_ticket(staff.hotline, is_anonymous=True, has_phone=False)
    await staff.desk.walk(no, until="feedback")
    await staff.set_clock("2026-12-01T10:00:00+08:00")
    await staff.say("desk", no, "complete")
    await staff.set_clock("2026-12-04T23:59:59+08:00")
    asked = await staff.desk.act(UNIT, no, "appeal", **LATE)
    await staff.set_clock("2026-12-05T00:00:00+08:00")
    again = await staff.desk.act(UNIT, no, "appeal", **LATE)

    assert asked.status_code == 200, asked.text
    assert conflict(again)


async def test_a_unit_that_got_the_ticket_late_has_the_whole_window(staff: Staff) -> None:
    no = await staff.overdue(until="triage", at="2026-12-02T10:00:00+08:00")
    await staff.say("desk", no, "dispatch", lead=UNIT)
    await staff.set_clock("2026-12-07T23:59:59+08:00")

    assert (await staff.say(UNIT, no, "appeal", **LATE))["appeals"][0]["round"] == 1


async def test_a_clock_stopped_late_may_be_appealed_against_and_one_in_time_may_not(
    staff: Staff,
) -> None:
    no = await staff.overdue(until="reply")
    completed = await staff.say("desk", no, "complete")
    late = await staff.desk.act(UNIT, no, "appeal", **LATE)
    in_time = await staff.desk.act(UNIT, no, "appeal", **AGAINST["clock:reply"])

    assert (completed["clocks"]["complete"]["due"], late.status_code) == (DUE, 200)
    assert conflict(in_time)


async def test_what_counts_against_nobody_yet_cannot_be_appealed_against(staff: Staff) -> None:
    no = await make_ticket(staff.hotline)
    await staff.desk.walk(no, until="dispose")

    for verdict in ("clock:first_contact", "clock:complete", "clock:reply", "follow_up", "repeat"):
        assert conflict(await staff.desk.act(UNIT, no, "appeal", **LATE | {"verdict": verdict}))
    assert (await staff.desk.get(UNIT, f"/v1/tickets/{no}")).json()["appeals"] == []


async def test_each_verdict_of_a_round_is_appealed_once_whatever_was_decided(staff: Staff) -> None:
    no = await staff.overdue()
    await staff.say(UNIT, no, "appeal", **LATE)
    pending = await staff.desk.act(UNIT, no, "appeal", **LATE)
    other = await staff.say(UNIT, no, "appeal", **AGAINST["clock:reply"])
    await staff.say("leader", no, "decide-appeal", granted=False, comment="理由不足")
    decided = await staff.desk.act(UNIT, no, "appeal", **LATE)

    assert conflict(pending)
    assert conflict(decided)
    assert [one["state"] for one in other["appeals"]] == ["pending", "pending"]


async def test_the_unit_of_the_round_appeals_though_the_ticket_has_gone_on(staff: Staff) -> None:
    no = await staff.redone()
    mine = await staff.say(UNIT, no, "appeal", **AGAINST["follow_up"])
    for unit in (NEXT, ASSIST):
        answer = await staff.desk.act(unit, no, "appeal", **AGAINST["follow_up"])
        assert answer.status_code == 403, (unit, answer.text)
    foreign = await staff.desk.act(FOREIGN, no, "appeal", **AGAINST["follow_up"])
    other_round = await staff.desk.act(UNIT, no, "appeal", **LATE, round=2)

    assert (mine["appeals"][0]["round"], mine["round"]) == (1, 2)
    assert (foreign.status_code, other_round.status_code) == (404, 403)
    assert conflict(await staff.desk.act(NEXT, no, "appeal", **AGAINST["follow_up"], round=2))


async def test_of_two_units_in_one_round_the_last_appeals(staff: Staff) -> None:
    no = await make_ticket(staff.hotline)
    await staff.desk.walk(no, until="dispatch")
    await staff.say(UNIT, no, "return", reason_code="not_ours", reason="不属本单位")
    await staff.say("desk", no, "decide-return", **YES)
    await staff.say("desk", no, "dispatch", lead=NEXT)
    await staff.set_clock(LATER)

    assert (await staff.desk.act(UNIT, no, "appeal", **LATE)).status_code == 403
    assert (await staff.desk.act(NEXT, no, "appeal", **LATE)).status_code == 200


async def test_a_repeat_is_one_in_the_first_round_and_while_it_is_linked(staff: Staff) -> None:
    no = await staff.redone()
    await staff.record(no, RepeatLinked("T20261101-000001", 2, "same_caller"))
    later = await staff.desk.act(NEXT, no, "appeal", **AGAINST["repeat"])
    linked = await staff.desk.act(UNIT, no, "appeal", **AGAINST["repeat"], round=1)
    assert (later.status_code, linked.status_code) == (403, 200)

    other = await staff.redone()
    await staff.record(other, RepeatLinked("T20261101-000002", 2, "same_caller"))
    await staff.record(other, MatterLeft("M-000001", ends_repeat=True))
    assert conflict(await staff.desk.act(UNIT, other, "appeal", **AGAINST["repeat"]))


async def test_a_leader_decides_the_oldest_or_the_one_that_is_named(staff: Staff) -> None:
    no = await staff.overdue()
    await staff.say(UNIT, no, "appeal", **LATE)
    await staff.say(UNIT, no, "appeal", **AGAINST["clock:reply"])
    unknown = await staff.desk.act("leader", no, "decide-appeal", **YES, verdict="repeat")
    named = await staff.say("leader", no, "decide-appeal", **YES, verdict="clock:reply", round=1)
    oldest = await staff.say("leader", no, "decide-appeal", granted=False, comment="理由不足")
    none = await staff.desk.act("leader", no, "decide-appeal", **YES)

    assert conflict(unknown)
    assert [one["state"] for one in named["appeals"]] == ["pending", "granted"]
    assert [one["state"] for one in oldest["appeals"]] == ["refused", "granted"]
    assert none.json()["type"] == "/problems/transition-not-allowed"
    assert "decide-appeal" not in none.json()["allowed"]


async def test_nobody_decides_on_their_own_appeal(staff: Staff, keys: dict[str, str]) -> None:
    no = await staff.overdue()
    asked = await staff.say(UNIT, no, "appeal", **LATE)
    async with staff.hotline.database.transaction(1) as tx:
        person = asked["appeals"][0]["by"]
        key = await issue_key(tx.connection, 1, role=Role.LEADER, actor=person)
    twin = Desk(staff.desk.client, {**keys, "twin": key.plain})

    for body in (YES, {**YES, "verdict": "clock:complete"}, {}):
        assert (await twin.act("twin", no, "decide-appeal", **body)).status_code == 403
    assert (await staff.desk.act("leader", no, "decide-appeal", **YES)).status_code == 200


@pytest.mark.parametrize(
    ("who", "action", "status"),
    [
        ("desk", "appeal", 403),
        ("leader", "appeal", 403),
        ("admin", "appeal", 403),
        (UNIT, "decide-appeal", 403),
        ("desk", "decide-appeal", 403),
        (FOREIGN, "appeal", 404),
    ],
)
async def test_whose_it_is_comes_before_what_is_wrong_with_it(
    staff: Staff, who: str, action: str, status: int
) -> None:
    no = await staff.overdue()
    await staff.say(UNIT, no, "appeal", **LATE)

    for body in ({}, LATE, YES):
        assert (await staff.desk.act(who, no, action, **body)).status_code == status


async def test_refusals_come_in_their_order(staff: Staff) -> None:
    no = await staff.redone()
    stale = {"If-Match": '"1"'}
    theirs = {"verdict": "follow_up"}  # and no reason
    refused = await staff.desk.act(NEXT, no, "appeal", headers=stale, **theirs)
    unsound = await staff.desk.act(UNIT, no, "appeal", headers=stale, **theirs)
    old = await staff.desk.act(UNIT, no, "appeal", headers=stale, **LATE)
    nothing = await staff.desk.act(UNIT, no, "appeal", **LATE)

    answers = (refused, unsound, old, nothing)
    assert [one.status_code for one in answers] == [403, 422, 412, 409]


async def test_the_same_key_is_answered_alike_after_the_decision_too(staff: Staff) -> None:
    no = await staff.overdue()
    for who, action, body in ((UNIT, "appeal", LATE), ("leader", "decide-appeal", YES)):
        key = {"Idempotency-Key": f"one-{action}"}
        first = await staff.desk.act(who, no, action, headers=key, **body)
        again = await staff.desk.act(who, no, action, headers=key, **body)
        other = await staff.desk.act(who, no, action, headers=key, **body | {"round": 1})
        assert (first.status_code, again.content) == (200, first.content)
        assert other.json()["type"] == "/problems/idempotency-key-reused"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"verdict": "clock:unit_accept"}, "/verdict"),
        ({"reason": ""}, "/reason"),
        ({"round": 0}, "/round"),
        ({"round": "1"}, "/round"),
        ({"evidence": [{"kind": "document"}]}, "/evidence/0/url"),
        ({"evidence": [FILE, {"url": "https://files.example/2.pdf"}]}, "/evidence/1/kind"),
        ({"evidence": [{**FILE, "text": "另见日志"}]}, "/evidence/0/text"),
        ({"evidence": [{**FILE, "size": 3}]}, "/evidence/0/size"),
        ({"evidence": [""]}, "/evidence/0/text"),
    ],
)
async def test_an_unsound_appeal_is_refused_by_the_field(
    staff: Staff, changed: dict[str, Any], pointer: str
) -> None:
    no = await make_ticket(staff.hotline)
    await staff.desk.walk(no, until="dispatch")
    answer = await staff.desk.act(UNIT, no, "appeal", **LATE | changed)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_a_leader_is_told_of_an_appeal_and_the_unit_of_the_answer(staff: Staff) -> None:
    no = await staff.overdue()
    asked = await staff.say(UNIT, no, "appeal", **LATE)
    await staff.say("leader", no, "decide-appeal", **YES)

    items = (await staff.desk.get("desk", "/v1/notices?limit=500")).json()["items"]
    told = [one for one in items if one["data"].get("what") == "appeal"]
    data = {"what": "appeal", "verdict": "clock:complete", "round": 1}
    assert [(one["kind"], one["to"]["id"], one["data"]) for one in told] == [
        ("requested", "leader", data),
        ("decided", UNIT, data | {"granted": True}),
        ("decided", asked["appeals"][0]["by"], data | {"granted": True}),
    ]
