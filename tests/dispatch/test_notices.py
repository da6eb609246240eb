"""What a person must be told: who, by when, and never a word of or about the caller."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.domain.calendar import CITY_ZONE
from shared.domain.notices import NoticeKind
from shared.domain.words import Role, Urgency
from shared.labels import NOTICES
from shared.tickets import Hotline
from tests.factories import BODIES, TEXTS, Desk, SetClock, make_ticket

LEAD, ASSIST = "sanitation-section", "chengfa-sanitation"


async def notices_of(desk: Desk, who: str, no: str | None = None) -> list[dict[str, Any]]:
    answer = await desk.get(who, "/v1/notices?limit=500")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return [one for one in items if no is None or one["subject"] == no]


def kinds(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["kind"], one["to"]["id"]) for one in items]


async def test_an_urgent_ticket_at_night_is_told_at_once_with_its_reports(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    now = (await set_clock("2026-11-21T02:10:00+08:00")).astimezone(CITY_ZONE)
    no = await make_ticket(hotline, received_at=now, urgency=Urgency.URGENT)

    items = await notices_of(desk, "desk", no)
    assert kinds(items) == [("urgent_received", "desk"), ("urgent_received", "leader")]
    assert {one["tell_by"] for one in items} == {"2026-11-21T02:10:00+08:00"}
    assert items[0]["data"] == {
        "urgency": "urgent",
        "report_by": "2026-11-21T04:10:00+08:00",
        "formal_by": "2026-11-23T23:59:59+08:00",
        "call_from": "2026-11-21T02:10:00+08:00",
    }


async def test_a_first_report_that_was_not_made_is_an_event_and_a_notice(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    now = (await set_clock("2026-11-21T02:10:00+08:00")).astimezone(CITY_ZONE)
    no = await make_ticket(hotline, received_at=now, urgency=Urgency.URGENT)
    await set_clock("2026-11-21T05:00:00+08:00")

    events = (await desk.get("desk", f"/v1/tickets/{no}/events")).json()["items"]
    missed = [one for one in events if one["type"] == "ticket.clock_missed"]
    assert [(one["data"]["name"], one["time"]) for one in missed] == [
        ("interim_report", "2026-11-21T04:10:00+08:00")
    ]
    told = [one for one in await notices_of(desk, "desk", no) if one["kind"] == "missed"]
    assert [(one["to"]["id"], one["data"]["formal_by"]) for one in told] == [
        ("desk", "2026-11-23T23:59:59+08:00")
    ]


async def test_a_normal_ticket_waits_for_the_duty_window(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="triage")
    await set_clock("2026-11-18T20:00:00+08:00")
    await desk.act("desk", no, "dispatch", lead=LEAD, assists=[ASSIST])

    (own,) = await notices_of(desk, ASSIST, no)
    assert (own["kind"], own["data"]["part"]) == ("dispatched", "assist")
    assert (own["urgency"], own["tell_by"]) == ("normal", "2026-11-19T08:30:00+08:00")


async def test_what_would_come_too_late_in_the_morning_is_told_at_once(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    due = datetime(2026, 11, 19, 6, tzinfo=CITY_ZONE)
    no = await make_ticket(hotline, upstream_due=due)
    await set_clock("2026-11-19T01:00:00+08:00")

    warned = [one for one in await notices_of(desk, "desk", no) if one["kind"] == "warned"]
    night = [one for one in warned if one["data"]["due"].startswith("2026-11-19T06")]
    assert night
    assert {(one["urgency"], one["tell_by"]) for one in night} == {
        ("immediate", one["at"]) for one in night
    }


async def test_each_thing_is_told_to_those_whose_business_it_is(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="feedback")
    await desk.act("desk", no, "reject-feedback", comment="补照片")
    await desk.act("desk", no, "urge", text="请尽快")
    await desk.act("leader", no, "supervise", text="列入督办", level=3)

    author = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert author["feedback"] is None
    items = await notices_of(desk, "leader", no)
    people = [one["to"] for one in items if one["kind"] == "feedback_rejected"]
    assert [one["kind"] for one in people] == ["unit", "person"]
    rest = [one for one in items if one["to"]["kind"] != "person"]
    assert kinds(rest) == [
        ("dispatched", LEAD),
        ("dispatched", ASSIST),
        ("feedback_rejected", LEAD),
        ("urged", LEAD),
        ("urged", ASSIST),
        ("supervised", LEAD),
        ("supervised", "desk"),
        ("supervised", "leader"),
    ]


async def test_a_request_goes_to_who_decides_and_the_answer_to_who_asked(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="accept")
    asked = {"reason_code": "weather", "reason": "连日有雨", "days": 2}
    for who, action, body in (
        (LEAD, "request-extension", asked),
        ("leader", "decide-extension", {"granted": False, "comment": "不同意"}),
        (LEAD, "return", {"reason_code": "not_ours", "reason": "不属本单位"}),
        ("desk", "decide-return", {"granted": True, "comment": "同意"}),
    ):
        answer = await desk.act(who, no, action, **body)
        assert answer.status_code == 200, (action, answer.text)

    items = [one for one in await notices_of(desk, "desk", no) if "what" in one["data"]]
    assert [(one["kind"], one["data"]["what"], one["to"]["kind"]) for one in items] == [
        ("requested", "extension", "role"),
        ("decided", "extension", "unit"),
        ("decided", "extension", "person"),
        ("requested", "return", "role"),
        ("decided", "return", "unit"),
        ("decided", "return", "person"),
    ]
    assert [one["to"]["id"] for one in items if one["to"]["kind"] == "role"] == ["leader", "desk"]
    assert {one["to"]["id"] for one in items if one["to"]["kind"] == "unit"} == {LEAD}


async def test_breaches_go_to_who_must_act_and_to_the_desk_and_up_the_ladder(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="contact")
    await set_clock("2026-12-31T00:00:00+08:00")

    items = await notices_of(desk, "desk", no)
    missed = [one for one in items if one["data"].get("clock") == "complete"]
    assert kinds(missed) == [("warned", LEAD), ("missed", LEAD), ("missed", "desk")]
    raised = [one for one in items if one["kind"] == "escalated"]
    assert [(one["data"]["level"], one["to"]["id"]) for one in raised] == [
        (1, "desk"),
        (2, "desk"),
        (2, LEAD),
        (3, "desk"),
        (3, LEAD),
        (3, "leader"),
    ]


async def test_with_a_confidential_caller_only_the_desk_is_told_to_call(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline, is_confidential=True)
    await desk.walk(no, until="accept")
    await set_clock("2026-11-25T12:00:00+08:00")

    calls = [
        one
        for one in await notices_of(desk, "desk", no)
        if one["data"].get("clock") in ("first_contact", "reply")
    ]
    assert calls
    assert {one["to"]["id"] for one in calls} == {"desk"}


async def test_a_unit_complained_of_is_told_nothing(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline, object_unit=LEAD)
    await desk.walk(no, until="triage")
    await desk.act("desk", no, "dispatch", lead="sanitation-centre")
    await desk.act("desk", no, "supervise", text="督办", level=3)

    assert LEAD not in {one["to"]["id"] for one in await notices_of(desk, "desk", no)}


async def test_a_unit_reads_its_own_alone_and_bi_none(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")

    assert kinds(await notices_of(desk, LEAD)) == [("dispatched", LEAD)]
    assert kinds(await notices_of(desk, "greening-section")) == []
    assert (await desk.get("bi", "/v1/notices")).status_code == 403
    assert len(await notices_of(desk, "admin")) == 2


async def test_pages_and_ids_lead_on_from_notice_to_notice(desk: Desk, hotline: Hotline) -> None:
    for _ in range(3):
        await desk.walk(await make_ticket(hotline), until="dispatch")
    whole = [one["id"] for one in await notices_of(desk, "desk")]
    seen, path = [], "/v1/notices?limit=4"
    while path:
        page = (await desk.get("desk", path)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        path = f"/v1/notices?limit=4&cursor={cursor}" if cursor else ""

    assert (seen, len(whole)) == (whole, 6)
    rest = (await desk.get("desk", f"/v1/notices?after={whole[3]}")).json()["items"]
    assert [one["id"] for one in rest] == whole[4:]
    for wrong in ("after=x", "cursor=x", "limit=0", "unit=x"):
        assert (await desk.get("desk", f"/v1/notices?{wrong}")).status_code == 422


def test_every_kind_has_its_label() -> None:
    assert set(NOTICES) == set(NoticeKind)


# Whatever happens: no notice holds a word anybody wrote, every urgent ticket has one, none twice.

MARKED = ("来电人说的话", "13800001111", "张三丰")
ACTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "triage": ("desk", {**BODIES["triage"]}),
    "raise": ("desk", {**BODIES["triage"], "urgency": "urgent"}),
    "lower": ("desk", {**BODIES["triage"], "urgency": "normal"}),
    "dispatch": ("desk", {**BODIES["dispatch"], "instruction": MARKED[0]}),
    "accept": (LEAD, {"executor": MARKED[2], "section": MARKED[0]}),
    "contact": (LEAD, {"result": "reached", "mode": "phone", "content": MARKED[0]}),
    "dispose": (LEAD, {"text": MARKED[0], "site_check": "yes"}),
    "feedback": (LEAD, {**BODIES["feedback"], "summary": MARKED[1], "contact_id": "C5"}),
    "reject-feedback": ("desk", {"comment": MARKED[0]}),
    "urge": ("desk", {"text": MARKED[0]}),
    "supervise": ("leader", {"text": MARKED[1]}),
}
NAMES = {"raise": "triage", "lower": "triage"}
steps = st.lists(
    st.sampled_from([*ACTIONS, "wait an hour", "wait a week"]), min_size=4, max_size=14
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(urgency=st.sampled_from(Urgency), course=steps)
async def test_no_notice_holds_what_anybody_said_and_none_is_doubled(
    desk: Desk, hotline: Hotline, urgency: Urgency, course: list[str], set_clock: SetClock
) -> None:
    async with hotline.database.transaction(1, writing=False) as tx:
        now = tx.now.astimezone(CITY_ZONE)
    texts = {**TEXTS, "content": MARKED[0], "title": MARKED[1], "address": MARKED[2]}
    no = await make_ticket(hotline, received_at=now, urgency=urgency, texts=texts)
    was_urgent = urgency is not Urgency.NORMAL
    for step in ("triage", "dispatch", "accept", *course):
        if step.startswith("wait"):
            now += timedelta(hours=1) if step == "wait an hour" else timedelta(days=7)
            await set_clock(now)
            continue
        who, body = ACTIONS[step]
        answer = await desk.act(who, no, NAMES.get(step, step), **body)
        assert answer.status_code in (200, 409, 422), answer.text
        if answer.status_code == 200:
            was_urgent = was_urgent or answer.json()["urgency"] != "normal"

    async with hotline.database.transaction(1, writing=False) as tx:
        rows = await tx.rows(
            text("SELECT to_jsonb(n) - 'xid' AS whole FROM notices AS n WHERE subject = :no"),
            no=no,
        )
    found = [row.whole for row in rows]
    said = orjson.dumps(found).decode()
    assert not any(word in said for word in (*MARKED, *TEXTS.values()))
    assert not was_urgent or any(one["kind"] == "urgent_received" for one in found)
    told = Counter(
        (one["seq"], one["kind"], one["addressee_kind"], one["addressee"]) for one in found
    )
    assert [key for key, times in told.items() if times > 1] == []
    roles = {one["addressee"] for one in found if one["addressee_kind"] == "role"}
    assert roles <= {Role.DESK.value, Role.LEADER.value}


@pytest.mark.parametrize(
    "statement", ["UPDATE notices SET urgency = 'normal'", "DELETE FROM notices"]
)
async def test_notices_are_only_added(hotline: Hotline, statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"):
        async with hotline.database.transaction(1) as tx:
            await tx.run(text(statement))
