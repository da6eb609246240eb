"""What changed between two revisions or two instants, ticket by ticket, and what made it so."""

from typing import Any

from httpx import AsyncClient

from shared.domain.events import ReturnDecided, ReturnRequested
from shared.domain.words import ReturnReason
from shared.tickets import Hotline
from tests.scoring.conftest import Fold, SetClock, Write
from tests.scoring.freezing import Keys, correct, freeze, get, read
from tests.scoring.histories import History

PATH = "/v1/periods/2026-11/changes"


async def every(scoring: AsyncClient, keys: Keys, /, **query: Any) -> list[dict[str, Any]]:
    """Every page, two items at a time."""
    found: list[dict[str, Any]] = []
    page = await read(scoring, keys, PATH, limit=2, **query)
    while True:
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        page = await read(scoring, keys, PATH, limit=2, cursor=page["next_cursor"], **query)


async def test_two_revisions_differ_in_what_was_corrected_between(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, fold: Fold, november: list[int]
) -> None:
    await freeze(scoring, keys)
    await correct(hotline, november)
    await fold()
    await freeze(scoring, keys, reason="市级回访结果迟到")

    body = await read(scoring, keys, PATH, from_revision=1, to_revision=2)

    made = {
        "seq": 11,
        "type": "ticket.followed_up",
        "time": "2026-11-20T10:00:00.000000+08:00",
        "recordedtime": "2026-12-02T09:00:00.000000+08:00",
    }
    ticket = {"no": "T20261102-000001", "round": 1}
    yes, no = {"value": "1", "reason": None}, {"value": "0", "reason": None}
    assert body["items"] == [
        {**ticket, "metric": "satisfaction_score", "from": yes, "to": no, "events": [made]},
        {**ticket, "metric": "dissatisfied_count", "from": None, "to": yes, "events": [made]},
    ]
    assert [body[side]["revision"] for side in ("from", "to")] == [1, 2]
    since_then = await every(scoring, keys, from_revision=1)
    assert since_then == body["items"]
    assert await every(scoring, keys, from_revision=2, to_known_at="now") == []


async def test_two_instants_differ_in_what_was_recorded_or_fell_due_between(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    """The ticket nobody was given: received on the 20th, first due on the 23rd, 27th."""
    times = {
        "from_known_at": "2026-11-20T08:00:00+08:00",
        "to_known_at": "2026-11-28T00:00:00+08:00",
    }

    items = [one for one in await every(scoring, keys, **times) if one["no"].endswith("99")]

    found = {one["metric"]: (one["from"], one["to"]["value"], one["events"]) for one in items}
    assert found["intake"][:2] == (None, "1")
    assert [event["type"] for event in found["intake"][2]] == [
        "ticket.received",
        "ticket.triaged",
    ]
    assert found["on_time_completion_rate"][:2] == (None, "0")
    overdue = await every(
        scoring,
        keys,
        from_known_at="2026-11-27T12:00:00+08:00",
        to_known_at="2026-11-28T00:00:00+08:00",
    )
    assert {(one["metric"], one["no"], one["from"]) for one in overdue} == {
        (metric, "T20261120-000099", None)
        for metric in ("on_time_completion_rate", "timely_reply_rate", "overdue_count")
    }


async def test_a_ticket_given_to_another_unit_moves_in_every_figure(
    scoring: AsyncClient, keys: Keys, set_clock: SetClock, write: Write, fold: Fold
) -> None:
    await set_clock("2026-12-31T23:00:00+08:00")
    history = (
        History("11-18 09:12")
        .triage("11-18 09:40")
        .dispatch("11-18 10:10")
        .add("11-18 11:30", ReturnRequested("sanitation-section", ReturnReason.NOT_OURS))
        .add("11-18 12:00", ReturnDecided(granted=True))
        .dispatch("11-18 13:00", "greening-section")
    )
    await write([history])
    await fold()
    asked = {
        "from_known_at": "2026-11-18T11:00:00+08:00",
        "to_known_at": "2026-11-18T14:00:00+08:00",
    }

    items = (await read(scoring, keys, PATH, **asked))["items"]

    (intake,) = [one for one in items if one["metric"] == "intake"]
    assert intake["unit"] == {"from": "sanitation-section", "to": "greening-section"}
    assert intake["from"] == intake["to"] == {"value": "1", "reason": None}
    assert [event["type"] for event in intake["events"]] == ["ticket.dispatched"]
    mine = (await read(scoring, keys, PATH, who="sanitation-section", **asked))["items"]
    assert [(one["from"], one["to"]) for one in mine if one["metric"] == "intake"] == [
        ({"value": "1", "reason": None}, None)
    ]


async def test_what_cannot_be_compared_is_refused(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    await freeze(scoring, keys)
    instant = "2026-12-01T00:00:00+08:00"
    tried = {
        (): 422,
        (("from_revision", "1"), ("from_known_at", instant)): 422,
        (("from_revision", "1"), ("to_revision", "2")): 404,
        (("from_revision", "2"),): 404,
        (("from_known_at", "2026-12-03T00:00:00+08:00"),): 422,
        (("from_known_at", instant), ("to_known_at", "2026-11-01T00:00:00+08:00")): 422,
        (("from_known_at", "x"),): 422,
    }

    found = {one: (await get(scoring, keys, PATH, **dict(one))).status_code for one in tried}

    assert found == tried
    assert (
        await get(scoring, keys, "/v1/periods/2026/changes", from_revision=1)
    ).status_code == 422
