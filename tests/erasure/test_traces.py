"""A caller's every word, through every path and erased: searched as strings, none is left."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from services.scoring.actions.recompute import content_hash, recompute
from shared.domain.clocks import Clock
from shared.domain.fold import fold
from shared.domain.ticket import Ticket
from shared.settings import Settings
from shared.tickets import Hotline, find_tickets, list_entries
from tests.conftest import BUREAU
from tests.erasure.conftest import Dump, Erase
from tests.erasure.person import CALLER, PHONE, Story
from tests.erasure.traces import dump_redis, hits
from tests.factories import SetClock

MONTH = "2026-11"
GROUPS = ("unit", "trade", "street", "source", "category", "section", "executor")


async def look_at_figures(scoring: AsyncClient, keys: dict[str, str]) -> dict[str, bytes]:
    """Every sheet and drill-down of the month, byte by byte."""
    headers = {"Authorization": f"Bearer {keys['leader']}"}
    # The month is frozen by then; the year never is, and tells of the last event taken in.
    periods = (MONTH, MONTH[:4])
    paths = [f"/v1/scores?period={period}&by={by}" for period in periods for by in GROUPS]
    paths += [
        f"/v1/scores/tickets?period={MONTH}&by=unit&metric={metric}&part={part}"
        for metric in ("first_contact_rate", "on_time_completion_rate", "satisfaction_score")
        for part in ("num", "den", "excluded")
    ]
    paths += [f"/v1/sanitation?period={MONTH}", "/v1/facts?format=csv", f"/v1/periods/{MONTH}"]
    found = {}
    for path in paths:
        answer = await scoring.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.text)
        found[path] = answer.content
    return found


async def events_of(desk_get: Any, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after = ""
    while True:
        page = (await desk_get("desk", f"{path}?limit=500{after}")).json()
        items += page["items"]
        if not page["items"] or page["next_cursor"] is None:
            return items
        after = f"&after={page['next_cursor']}"


@pytest.fixture
async def told(story: Story, set_clock: SetClock) -> tuple[str, str]:
    """Two tickets of one caller, on one matter, through everything and archived."""
    first = await story.receive("SH-1")
    await story.trouble("SH-1")
    second = await story.receive("SH-2", received_at="2026-11-18T09:25:00+08:00")
    for no in (first, second):
        await story.handle(no)
        await story.appeal(no)
    await story.drain()
    matter = (await story.desk.get("desk", f"/v1/tickets/{first}")).json()["matter"]
    await story.write(f"/v1/matters/{matter}/note", text=story.word(), measure=True)
    await story.write(f"/v1/matters/{matter}/close", reason=story.word())
    await story.settle_difference("SH-1")
    await set_clock("2026-12-28T10:00:00+08:00")
    await story.drain()
    return first, second


async def test_of_an_erased_caller_no_word_is_left_and_no_figure_moves(  # noqa: PLR0917
    told: tuple[str, str],
    story: Story,
    erase: Erase,
    scoring: AsyncClient,
    keys: dict[str, str],
    hotline: Hotline,
    settings: Settings,
    dump: Dump,
) -> None:
    figures = await look_at_figures(scoring, keys)
    content = await content_hash(hotline, BUREAU)
    found = {word for _, word in hits(await dump(), story.words)}
    assert found == {*story.words}, "what is not there before says nothing by being gone"

    done = await erase(of=told[0])
    await story.drain()

    assert [(one.no, one.obstacles) for one in done.outcomes] == [(no, ()) for no in sorted(told)]
    assert done.messages == 3  # faulty, too early, and of a type that we do not know
    left = hits(await dump(), story.words)
    assert left <= {("audit_entries", "139****5670")}  # what a reveal was for, masked when written
    assert hits({"redis": await dump_redis(settings.redis_url)}, story.words) == set()
    assert await look_at_figures(scoring, keys) == figures
    assert await content_hash(hotline, BUREAU) == content
    assert await recompute(hotline, BUREAU) == []


def plain(ticket: Ticket) -> tuple[Ticket, frozenset[Clock]]:
    """Whatever order its clocks lie in."""
    return replace(ticket, clocks=()), frozenset(ticket.clocks)


async def test_the_log_of_an_erased_ticket_still_folds_to_what_stands(
    told: tuple[str, str], erase: Erase, hotline: Hotline
) -> None:
    ids = [int(no.partition("-")[2]) for no in told]
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        before = await find_tickets(ledger.tx, ids)
    await erase(*told)
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        after = await find_tickets(ledger.tx, ids)
        logs = await list_entries(ledger.tx, ids)

    folded = {one: fold(one, logs[one]) for one in ids}
    assert {one: plain(folded[one]) for one in ids} == {one: plain(after[one]) for one in ids}
    for one in ids:
        assert (after[one].seq, after[one].version) == (
            before[one].seq + 1,
            before[one].version + 1,
        )
        assert (after[one].state, after[one].clocks) == (before[one].state, before[one].clocks)
        assert (after[one].lng, after[one].contacts[-1].call_id) == (None, None)
        assert {file.url for work in after[one].works for file in work.attachments} == {""}


async def test_readers_find_the_tombstone_and_none_of_the_words(
    told: tuple[str, str], story: Story, erase: Erase
) -> None:
    no, _ = told
    matter = (await story.desk.get("desk", f"/v1/tickets/{no}")).json()["matter"]
    feed = await events_of(story.desk.get, "/v1/events")
    await erase(of=no)
    paths = (f"/v1/tickets/{no}", f"/v1/tickets/{no}/events?limit=500", f"/v1/matters/{matter}")
    answers = [await story.desk.get("desk", path) for path in paths]
    view = await story.city.get("/v1/tickets/SH-1")
    searched = await story.desk.get("desk", "/v1/tickets", params={"q": story.said[1]})
    later = await events_of(story.desk.get, "/v1/events")

    shown = "".join(answer.text for answer in [*answers, view, searched])
    assert [answer.status_code for answer in [*answers, view]] == [200] * 4
    assert [word for word in story.words if word in shown] == []
    assert searched.json()["items"] == []
    assert answers[0].json()["erased"] == ["recording", "caller", "ticket"]
    assert [one["type"] for one in later[len(feed) :]] == ["ticket.erased"] * 2
    assert later[-1]["data"] == {"parts": ["recording", "caller", "ticket"], "cause": "request"}
    told_again = {one["id"]: one for one in later}
    assert [word for word in story.words if word in str(told_again)] == []


async def test_to_erase_again_changes_nothing_at_all(
    told: tuple[str, str], erase: Erase, dump: Dump
) -> None:
    await erase(of=told[0])
    before = await dump()
    again = await erase(*told)

    assert [one.is_covered for one in again.outcomes] == [True, True]
    assert await dump() == before


async def test_a_try_tells_what_would_go_and_changes_nothing(
    told: tuple[str, str], erase: Erase, dump: Dump
) -> None:
    before = await dump()
    tried = await erase(of=told[0], dry=True)
    same = await dump() == before
    done = await erase(of=told[0])

    assert same
    assert tried == done
    fields = done.outcomes[0].fields
    assert (fields["callers"], fields["places"], fields["log"] > 5) == (1, 1, True)
    assert fields["texts"] > 25


async def test_what_was_quarantined_is_listed_without_its_words_and_cannot_be_mended(
    told: tuple[str, str], story: Story, erase: Erase, keys: dict[str, str]
) -> None:
    await erase(of=told[0])
    headers = {"Authorization": f"Bearer {keys['admin']}"}
    (item,) = (await story.city.client.get("/v1/quarantine", headers=headers)).json()["items"]
    path = f"/v1/quarantine/{item['receipt']}/redrive"
    data = {"data": {"urgency": "normal"}}
    mended = await story.city.client.post(path, headers=headers, json=data)

    assert (item["body"], item["problem"]) == (None, {"code": "erased"})
    assert (mended.status_code, mended.json()["type"]) == (409, "/problems/conflict")


async def test_a_stored_answer_is_gone_and_the_call_is_not_made_again(
    story: Story, erase: Erase, set_clock: SetClock
) -> None:
    no = await story.receive("SH-1")
    once = {"Idempotency-Key": "only-once"}
    triage = {"trade": "sanitation", "category": "S-05"}
    first = await story.desk.act("desk", no, "triage", headers=once, **triage)
    await story.act("desk", no, "void", reason=story.word())
    await story.act("leader", no, "confirm-void", granted=True, comment=story.word())
    replayed = await story.desk.act("desk", no, "triage", headers=once, **triage)
    await erase(no)
    again = await story.desk.act("desk", no, "triage", headers=once, **triage)

    assert (first.status_code, replayed.content) == (200, first.content)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/conflict")
    assert story.said[0] not in again.text


PARK = (
    "UPDATE deliveries SET parked_at = now(), attempts = 8 WHERE subscriber = 'intake'"
    " AND event_type = 'message.received'"
)


async def test_a_message_given_up_at_the_door_is_erased_one_on_its_way_is_not(
    story: Story,
    erase: Erase,
    inside: asyncpg.Connection,
    dump: Dump,
    drain: Callable[[], Awaitable[int]],
) -> None:
    await story.city.create("SH-parked", caller=CALLER, content=story.word())
    await inside.execute(PARK)
    await story.city.create("SH-coming", caller=CALLER, content=story.word())
    done = await erase(phone=PHONE)
    left = hits(await dump(), story.said)
    await inside.execute("UPDATE deliveries SET parked_at = NULL")
    await drain()
    states = await inside.fetch("SELECT state FROM raw_messages ORDER BY arrival")

    assert (done.outcomes, done.messages) == ([], 1)
    assert left == {("raw_messages", story.said[1])}
    assert [row["state"] for row in states] == ["ignored", "applied"]
