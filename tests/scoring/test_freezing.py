"""Months frozen by hand: what stands, whatever comes after."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.tickets import Hotline
from tests.conftest import Stack
from tests.scoring.conftest import Fold, SetClock
from tests.scoring.freezing import BYS, Keys, correct, freeze, get, read, sheet

RATING = "satisfaction_score"


async def test_a_month_is_frozen_as_it_is_known(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    live = {by: await sheet(scoring, keys, by=by) for by in BYS}

    answer = await freeze(scoring, keys)

    assert answer.status_code == 200
    manifest = answer.json()
    assert {name: manifest[name] for name in ("period", "revision", "rows", "reason", "by")} == {
        "period": "2026-11",
        "revision": 1,
        "rows": 17,
        "reason": None,
        "by": "样例局领导",
    }
    assert manifest["scheme"] == {"id": "ja-default", "version": 1}
    assert manifest["calendar_version"] == "2026.1"
    assert len(manifest["sha256"]) == 64
    for by in BYS:
        frozen = await sheet(scoring, keys, by=by)
        assert (frozen["frozen"], frozen["revision"]) == (True, 1)
        assert frozen["known_at"] == manifest["known_at"] == live[by]["known_at"]
        assert {**frozen, "frozen": False} == {**live[by], "revision": 1}


async def test_what_comes_later_leaves_the_revision_as_it_is(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, fold: Fold, november: list[int]
) -> None:
    """Also what is recorded at the very moment of the freeze, while the clock stands still."""
    await freeze(scoring, keys)
    asked: tuple[dict[str, str], ...] = (
        {"adjusted": "false"},
        {"emergency": "exclude"},
        {"scheme": "qp-2018"},
        {},
    )
    before = [
        (await get(scoring, keys, "/v1/scores", period="2026-11", **q)).content for q in asked
    ]
    figure = {"period": "2026-11", "metric": RATING, "part": "num"}
    tickets = await read(scoring, keys, "/v1/scores/tickets", **figure)

    await correct(hotline, november)
    await fold()
    second = await freeze(scoring, keys, reason="市级回访结果迟到")

    assert (second.status_code, second.json()["revision"]) == (200, 2)
    assert second.json()["reason"] == "市级回访结果迟到"
    first = [
        (await get(scoring, keys, "/v1/scores", period="2026-11", revision=1, **q)).content
        for q in asked
    ]
    assert first == before
    assert await read(scoring, keys, "/v1/scores/tickets", **figure, revision=1) == tickets
    latest = await sheet(scoring, keys)
    assert latest["revision"] == 2
    assert latest["total"]["metrics"][RATING]["num"] == "6.2"
    assert latest["total"]["metrics"][RATING]["den"] == 10
    now = await sheet(scoring, keys, known_at="2026-12-02T09:00:00+08:00")
    assert (now["frozen"], now["total"]) == (False, latest["total"])


async def test_what_is_recorded_and_not_folded_yet_is_frozen_too(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, fold: Fold, november: list[int]
) -> None:
    await correct(hotline, november)

    await freeze(scoring, keys)

    frozen = await sheet(scoring, keys)
    assert frozen["total"]["metrics"][RATING]["num"] == "6.2"
    assert frozen["known_at"] == "2026-12-02T09:00:00.000000+08:00"
    await fold()
    assert (await sheet(scoring, keys, known_at=frozen["known_at"]))["total"] == frozen["total"]


async def test_only_a_leader_freezes_only_what_is_over(
    scoring: AsyncClient, keys: Keys, set_clock: SetClock
) -> None:
    await set_clock("2026-12-31T23:59:59+08:00")
    tried = {
        ("desk", "2026-11"): 403,
        ("admin", "2026-11"): 403,
        ("leader", "2026-12"): 409,
        ("leader", "2027-03"): 409,
        ("leader", "2026"): 422,
        ("leader", "2026-13"): 422,
        ("leader", "x"): 422,
    }

    found = {
        (who, month): (await freeze(scoring, keys, month, who=who)).status_code
        for who, month in tried
    }

    assert found == tried


async def test_a_second_freeze_needs_a_reason_and_a_repeated_call_is_none(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    first = await freeze(scoring, keys, key="same")
    again = await freeze(scoring, keys, key="same")
    without = await freeze(scoring, keys)

    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert (await sheet(scoring, keys))["revision"] == 1


async def test_freezes_at_the_same_time_are_different_revisions(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    found = await asyncio.gather(*(freeze(scoring, keys, reason=f"第{n}次核对") for n in range(4)))

    assert sorted(answer.json()["revision"] for answer in found) == [1, 2, 3, 4]
    assert len({answer.json()["sha256"] for answer in found}) == 1


async def test_an_unknown_revision_is_not_found_and_never_with_known_at(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    await freeze(scoring, keys)
    path, asked = "/v1/scores", {"period": "2026-11"}

    assert (await get(scoring, keys, path, **asked, revision=2)).status_code == 404
    assert (await get(scoring, keys, path, **asked, revision=0)).status_code == 422
    assert (await get(scoring, keys, path, period="2026", revision=1)).status_code == 422
    both: dict[str, Any] = {"revision": 1, "known_at": "2026-12-01T00:00:00+08:00"}
    assert (await get(scoring, keys, path, **asked, **both)).status_code == 422


async def test_a_frozen_figure_is_paged_in_its_own_revision(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, fold: Fold, november: list[int]
) -> None:
    await freeze(scoring, keys)
    figure = {"period": "2026-11", "metric": RATING}
    whole = (await read(scoring, keys, "/v1/scores/tickets", **figure))["items"]
    page = await read(scoring, keys, "/v1/scores/tickets", **figure, limit=4)
    await correct(hotline, november)
    await fold()
    await freeze(scoring, keys, reason="更正")

    items = page["items"]
    while page["next_cursor"]:
        page = await read(
            scoring, keys, "/v1/scores/tickets", **figure, limit=4, cursor=page["next_cursor"]
        )
        items += page["items"]

    assert items == whole
    assert len(whole) == 10


async def test_a_unit_sees_its_own_rows_of_a_frozen_month(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    live = await sheet(scoring, keys, by="street", who="sanitation-section")

    await freeze(scoring, keys)

    frozen = await sheet(scoring, keys, by="street", who="sanitation-section")
    assert frozen["rows"] == live["rows"]
    assert frozen["total"]["intake"] == 10


async def test_months_are_listed_with_their_revisions(
    scoring: AsyncClient, keys: Keys, november: list[int]
) -> None:
    manifest = (await freeze(scoring, keys)).json()

    months = (await read(scoring, keys, "/v1/periods"))["items"]

    assert [one["period"] for one in months] == ["2026-12", "2026-11"]
    assert (months[0]["frozen"], months[0]["over"], months[0]["revisions"]) == (False, False, [])
    assert months[1]["revisions"] == [manifest]
    assert months[1]["freezes_at"] == "2026-12-07T23:59:59+08:00"
    assert await read(scoring, keys, "/v1/periods/2026-11") == months[1]
    page = await read(scoring, keys, "/v1/periods", limit=1)
    rest = await read(scoring, keys, "/v1/periods", limit=1, cursor=page["next_cursor"])
    assert (page["items"] + rest["items"], rest["next_cursor"]) == (months, None)


@pytest.fixture
async def frozen(scoring: AsyncClient, keys: Keys, november: list[int]) -> None:
    assert (await freeze(scoring, keys)).status_code == 200


TAMPERING = (
    "UPDATE freezes SET known_at = now()",
    "UPDATE freeze_manifests SET sha256 = ''",
    "UPDATE frozen_sums SET counts[1] = 9",
    "UPDATE frozen_states SET marks = ''",
    "DELETE FROM freezes",
    "DELETE FROM freeze_manifests",
    "DELETE FROM frozen_sums",
    "DELETE FROM frozen_states",
    "TRUNCATE freezes",
    "TRUNCATE freeze_manifests",
    "TRUNCATE frozen_sums",
    "TRUNCATE frozen_states",
    "INSERT INTO frozen_sums SELECT bureau_id, period, revision, by, 'x', counts"
    " FROM frozen_sums LIMIT 1",
    "INSERT INTO frozen_states (bureau_id, period, revision, no, round, ticket_id, seq,"
    " known_from, source, emergency, marks) SELECT bureau_id, period, revision, 'T0', 1, 1, 1,"
    " known_at, '', false, '' FROM freezes",
)


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("who", ["owner", "services"])
async def test_the_database_refuses_to_change_what_is_frozen(
    hotline: Hotline, stack: Stack, who: str
) -> None:
    url = hotline.settings.database_url
    if who == "owner":
        url = stack.owner_url_of(url.rsplit("/", 1)[1])
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))

    for statement in TAMPERING:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT set_config('minhu.bureau_id', '1', true)"))
            with pytest.raises(DBAPIError, match=r"append-only|permission denied|is whole"):
                await connection.execute(text(statement))
    await engine.dispose()
