"""The self-check proves the figures, and a ticket leads to every figure it is in."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.tickets import Hotline
from tests.conftest import Stack
from tests.scoring.conftest import BUREAU, Fold
from tests.scoring.freezing import BYS, Keys, correct, freeze, get, read, sheet

CHECK = "/v1/scores/check"
LIVE = [
    "rows_add_up_to_total",
    "groupings_have_one_total",
    "numerators_within_denominators",
    "sums_equal_states",
    "sums_equal_facts",
]


async def failed(scoring: AsyncClient, keys: Keys) -> dict[str, list[dict[str, Any]]]:
    body = await read(scoring, keys, CHECK, period="2026-11")
    assert body["ok"] is not any(one["differences"] for one in body["checks"])
    return {one["id"]: one["differences"] for one in body["checks"] if not one["ok"]}


async def tamper(hotline: Hotline, statement: str) -> None:
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text(statement))


async def test_figures_as_they_are_pass_every_check(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    body = await read(scoring, keys, CHECK, period="2026-11")

    assert body["ok"]
    assert [one["id"] for one in body["checks"]] == LIVE
    assert body["checks"][0]["name"] == "各行之和等于合计"
    assert min(one["checked"] for one in body["checks"]) > 100
    assert (await read(scoring, keys, CHECK, period="2026"))["ok"]
    await freeze(scoring, keys)
    frozen = await read(scoring, keys, CHECK, period="2026-11")
    assert frozen["ok"]
    assert [one["id"] for one in frozen["checks"]] == [
        *LIVE,
        "frozen_sums_equal_frozen_states",
        "frozen_figures_have_their_hash",
    ]


async def test_a_sum_that_was_tampered_with_is_named(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, november: list[int]
) -> None:
    await tamper(
        hotline,
        "UPDATE sums SET counts[1] = counts[1] + 1"
        " WHERE \"by\" = 'street' AND key = '彭浦镇' AND month = 202611",
    )

    found = await failed(scoring, keys)

    assert set(found) == {"groupings_have_one_total", "sums_equal_states", "sums_equal_facts"}
    (difference,) = found["sums_equal_states"]
    assert (difference["by"], difference["key"], difference["metric"]) == (
        "street",
        "彭浦镇",
        "intake",
    )
    assert difference["told"]["den"] == difference["counted"]["den"] + 1


async def test_a_fact_and_a_state_that_were_tampered_with_are_told_apart(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, november: list[int]
) -> None:
    await tamper(
        hotline,
        "UPDATE facts SET marks = overlay(marks placing '.' from 1) WHERE no = 'T20261102-000001'",
    )
    assert set(await failed(scoring, keys)) == {"sums_equal_facts"}
    await tamper(
        hotline,
        "UPDATE fact_versions SET marks = overlay(marks placing '.' from 1)"
        " WHERE no = 'T20261102-000001' AND known_to = 'infinity'",
    )
    assert set(await failed(scoring, keys)) == {"sums_equal_facts", "sums_equal_states"}


async def test_a_frozen_copy_that_was_tampered_with_is_named(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, stack: Stack, november: list[int]
) -> None:
    """By somebody who may switch the database's guard off."""
    await freeze(scoring, keys)
    name = hotline.settings.database_url.rsplit("/", 1)[1]
    owner = stack.owner_url_of(name).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(owner)
    async with engine.begin() as connection:
        for statement in (
            "ALTER TABLE frozen_sums DISABLE TRIGGER ALL",
            "UPDATE frozen_sums SET counts[1] = counts[1] + 1 WHERE \"by\" = 'unit'",
        ):
            await connection.execute(text(statement))
    await engine.dispose()

    assert set(await failed(scoring, keys)) == {
        "groupings_have_one_total",
        "frozen_sums_equal_frozen_states",
        "frozen_figures_have_their_hash",
    }


async def test_only_who_sees_all_rows_may_check(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    asked = {
        who: (await get(scoring, keys, CHECK, who, period="2026-11")).status_code
        for who in ("leader", "desk", "admin", "bi", "sanitation-section")
    }

    assert asked == {
        "leader": 200,
        "desk": 200,
        "admin": 200,
        "bi": 200,
        "sanitation-section": 403,
    }


async def test_a_ticket_leads_to_exactly_the_figures_it_is_in(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, fold: Fold, november: list[int]
) -> None:
    await freeze(scoring, keys)
    await correct(hotline, november)
    await fold()
    no = "T20261102-000001"

    body = await read(scoring, keys, f"/v1/tickets/{no}/figures")

    rating = {
        one["revision"]: one["value"]
        for one in body["items"]
        if one["metric"] == "satisfaction_score"
    }
    assert rating == {None: "0", 1: "1"}
    assert body["items"][0]["periods"] == ["2026-11", "2026"]
    for one in body["items"]:
        for by in BYS:
            page = await read(scoring, keys, one["links"][by] + "&limit=500")
            assert {"no": no, "round": 1, "value": one["value"], "reason": one["reason"]} in page[
                "items"
            ], (one, by)


async def test_every_figure_of_a_month_is_led_to_by_its_tickets(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    """The tickets' own figures, added up, are the sheet's."""
    tickets = await read(
        scoring, keys, "/v1/scores/tickets", period="2026-11", metric="intake", limit=500
    )
    counted: dict[str | None, int] = {}
    for ticket in tickets["items"]:
        for one in (await read(scoring, keys, f"/v1/tickets/{ticket['no']}/figures"))["items"]:
            if one["metric"] == "intake":
                unit = one["keys"]["unit"]
                counted[unit] = counted.get(unit, 0) + 1

    rows = (await sheet(scoring, keys))["rows"]
    assert counted == {row["key"]: row["intake"] for row in rows}


async def test_a_foreign_ticket_has_no_figures(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    async def status(who: str, no: str) -> int:
        return (await get(scoring, keys, f"/v1/tickets/{no}/figures", who)).status_code

    assert await status("sanitation-section", "T20261102-000001") == 200
    assert await status("greening-section", "T20261102-000001") == 404
    assert await status("leader", "T20261102-999999") == 404
