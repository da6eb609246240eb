"""Trying a scheme on a month, and ranks with how many tickets they hang on."""

from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.domain.words import CaseValuation, Satisfaction, YesNo
from shared.tickets import Hotline
from tests.scoring.asking import found, get, post
from tests.scoring.conftest import Fold, Write
from tests.scoring.histories import History
from tests.scoring.november import Case, greening_five, handle, sanitation_vector, undispatched
from tests.scoring.test_scheme_life import activated, drafted

Keys = Mapping[str, str]
JA_DEFAULT: dict[str, Any] = {
    "id": "ja-default",
    "title": "综合考核",
    "weights": {
        "first_contact_rate": "20",
        "on_time_completion_rate": "20",
        "timely_reply_rate": "15",
        "actual_resolution_rate": "20",
        "satisfaction_score": "25",
    },
    "resolution_mode": "strict",
    "bonus": {"praise": "0.5"},
    "penalty": {"overdue": "1", "repeat": "0.5", "rework": "1", "wrong_return": "0.5"},
}


def appearance_five() -> list[History]:
    """All resolved and in time, and rated, but not well."""
    histories: list[History] = []
    ratings = [Satisfaction.NEUTRAL] * 4 + [Satisfaction.DISSATISFIED]
    for n, overall in enumerate(ratings):
        case = Case(n + 21, CaseValuation.RESOLVED, "彭浦镇")
        handle(case, "appearance-section", done=5)
        case.follow_up("11-13 10:00", first_contact=YesNo.YES, overall=overall, solved=YesNo.YES)
        histories.append(case)
    return histories


@pytest.fixture
async def november(year_end: None, write: Write, fold: Fold) -> None:
    await write([*sanitation_vector(), *greening_five(), *appearance_five(), undispatched()])
    await fold()


pytestmark = pytest.mark.usefixtures("november")
# Every row of every table that is not Postgres' own.
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")


async def fingerprint(hotline: Hotline) -> dict[str, str]:
    async with hotline.database.transaction(1) as tx:
        tables = list((await tx.connection.execute(TABLES)).scalars())
        return {
            name: (
                await tx.connection.execute(
                    text(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} AS t")
                )
            ).scalar_one()
            for name in tables
        }


async def tried(client: AsyncClient, bearer: str, path: str, **body: Any) -> Any:
    answer = await post(client, f"/v1/schemes/{path}/trial", bearer, {"period": "2026-11", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_trial_shows_both_sheets_the_moves_and_the_tickets_that_flip(
    scoring: AsyncClient, keys: Keys
) -> None:
    now = await found(scoring, "/v1/scores", keys["leader"], period="2026-11")
    await drafted(
        scoring,
        keys["admin"],
        **JA_DEFAULT
        | {
            "resolution_mode": "explained_counts",
            "weights": {"actual_resolution_rate": "50", "satisfaction_score": "50"},
            "penalty": {"rework": "1"},
        },
    )

    trial = await tried(scoring, keys["leader"], "ja-default/2")

    assert trial["before"] == now
    after = trial["after"]
    assert (after["scheme"], after["known_at"]) == (
        {"id": "ja-default", "version": 2},
        now["known_at"],
    )
    scores = {
        row["key"]: (old["score"], old["rank"], row["score"], row["rank"])
        for old, row in zip(now["rows"], after["rows"], strict=True)
    }
    # (20 + 20 + 15 + 20 + 12) of 100, then 48 % satisfied of one half
    assert scores["appearance-section"] == ("87.00", 1, "74.00", 2)
    assert scores["sanitation-section"] == ("80.71", 2, "88.75", 1)
    assert trial["moves"] == [
        {"key": "appearance-section", "from": 1, "to": 2},
        {"key": "sanitation-section", "from": 2, "to": 1},
    ]
    flips = {(flip["no"], flip["metric"]): flip for flip in trial["flips"]}
    assert sorted(flips) == [
        ("T20261102-000007", "actual_resolution_rate"),
        ("T20261102-000008", "actual_resolution_rate"),
        ("T20261102-000009", "actual_resolution_rate"),
        ("T20261102-000010", "overdue_count"),
        ("T20261102-000013", "overdue_count"),
    ]
    assert flips["T20261102-000007", "actual_resolution_rate"] == {
        "no": "T20261102-000007",
        "round": 1,
        "metric": "actual_resolution_rate",
        "from": "0",
        "to": "1",
        "why": "解决率口径由“只计实际解决”改为“解释说明也计入”，"
        "本件由计入分母、不计分子改为计入分子",
    }
    charged = flips["T20261102-000010", "overdue_count"]
    assert (charged["from"], charged["to"]) == ("-1", None)
    assert charged["why"].startswith("原方案对超期计分，本件得 -1 分；新方案不计")


async def test_what_was_tried_is_what_comes_once_it_is_in_force(
    scoring: AsyncClient, keys: Keys
) -> None:
    await drafted(scoring, keys["admin"])
    trial = await tried(scoring, keys["leader"], "ja-default/2", by="street")
    await activated(scoring, keys["leader"], "ja-default/2", "2026-11")

    now = await found(scoring, "/v1/scores", keys["leader"], period="2026-11", by="street")
    old = await tried(scoring, keys["leader"], "ja-default/1", by="street")

    assert trial["after"] == now == old["before"]
    assert trial["before"] == old["after"]


async def test_a_new_scheme_is_tried_against_the_default(scoring: AsyncClient, keys: Keys) -> None:
    await drafted(scoring, keys["admin"], **{**JA_DEFAULT, "id": "night-market"})

    trial = await tried(scoring, keys["admin"], "night-market/1")

    assert trial["before"]["scheme"] == {"id": "ja-default", "version": 1}
    assert trial["after"]["rows"] == trial["before"]["rows"]
    assert (trial["moves"], trial["flips"]) == ([], [])


async def test_a_trial_leaves_the_database_as_it_was(
    scoring: AsyncClient, keys: Keys, hotline: Hotline
) -> None:
    await drafted(scoring, keys["admin"])
    before = await fingerprint(hotline)

    first = await post(
        scoring,
        "/v1/schemes/ja-default/2/trial",
        keys["leader"],
        {"period": "2026-11"},
        key="a key that is ignored",
    )
    year = await tried(scoring, keys["leader"], "ja-default/2", period="2026")

    assert (first.status_code, year["after"]["period"]["id"]) == (200, "2026")
    assert len(before) > 20
    after = await fingerprint(hotline)
    # But for who has looked at it.
    assert after.pop("audit_entries") != before.pop("audit_entries")
    assert after == before


async def test_postgres_itself_refuses_to_write_where_a_trial_reads(hotline: Hotline) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with hotline.ledger(1, writing=False, snapshot=True) as ledger:
            await ledger.tx.run(text("DELETE FROM facts WHERE bureau_id = 1"))
    async with hotline.ledger(1) as ledger:
        await ledger.tx.run(text("UPDATE facts SET seq = seq WHERE bureau_id = 1"))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/period"), ({"period": "soon"}, "/period"), ({"period": "2026-11", "x": 1}, "/x")],
)
async def test_a_trial_of_no_period_is_refused(
    scoring: AsyncClient, keys: Keys, body: dict[str, Any], pointer: str
) -> None:
    answer = await post(scoring, "/v1/schemes/ja-default/1/trial", keys["leader"], body)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_ranks_are_told_tier_by_tier_with_what_they_hang_on(
    scoring: AsyncClient, keys: Keys
) -> None:
    sheet = await found(scoring, "/v1/scores", keys["leader"], period="2026-11")

    body = await found(scoring, "/v1/ranks", keys["leader"], period="2026-11")

    assert (body["scheme"], body["min_sample"]) == ({"id": "ja-default", "version": 1}, 5)
    assert (body["known_at"], body["period"]) == (sheet["known_at"], sheet["period"])
    sections, unknown = body["tiers"]
    assert (sections["tier"], sections["name"]) == ("section", "业务科室")
    assert (unknown["tier"], unknown["name"]) == (None, "不分档")
    first, second, unranked = sections["rows"]
    assert (first["key"], first["score"], first["rank"]) == ("appearance-section", "87.00", 1)
    # 6.29 ahead: two late tickets of five cost 8 and 2 points
    assert first["sensitivity"] == {
        "up": None,
        "down": {"tickets": 2, "metric": "first_contact_rate"},
    }
    assert (second["key"], second["rank"], second["note"]) == ("sanitation-section", 2, None)
    assert second["satisfaction"] == {
        "num": "6.2",
        "den": 8,
        "value": "77.50",
        "excluded": {"unrated": 2},
    }
    # 6.29 behind, of 8 rated; three of nine unsolved give 6.67
    assert second["sensitivity"] == {
        "up": {"tickets": 3, "metric": "actual_resolution_rate"},
        "down": None,
    }
    assert (unranked["rank"], unranked["note"], unranked["sensitivity"]) == (
        None,
        "有效评价不足 5 件，不排名",
        None,
    )
    assert [row["note"] for row in unknown["rows"]] == ["不是考核对象，不排名"]


async def test_tiers_are_those_of_the_scheme(scoring: AsyncClient, keys: Keys) -> None:
    await drafted(scoring, keys["admin"], tiers={"by": ["kind", "trade"], "volume": [6]})
    await activated(scoring, keys["leader"], "ja-default/2", "2026-11")

    body = await found(scoring, "/v1/ranks", keys["desk"], period="2026-11")

    assert [(tier["tier"], tier["name"]) for tier in body["tiers"]] == [
        ("section/appearance/0-5", "业务科室 · 市容 · 受理 0–5 件"),
        ("section/greening/0-5", "业务科室 · 绿化 · 受理 0–5 件"),
        ("section/sanitation/6+", "业务科室 · 环卫 · 受理 6 件及以上"),
        (None, "不分档"),
    ]
    assert [tier["rows"][0]["rank"] for tier in body["tiers"]] == [1, None, 1, None]


async def test_a_rank_that_hangs_on_one_ticket_says_so(scoring: AsyncClient, keys: Keys) -> None:
    one_rate = {"weights": {"first_contact_rate": "100"}, "penalty": {}, "min_sample": 2}
    await drafted(scoring, keys["admin"], **one_rate)
    await activated(scoring, keys["leader"], "ja-default/2", "2026-11")

    body = await found(scoring, "/v1/ranks", keys["desk"], period="2026-11", by="street")

    (tier,) = body["tiers"]
    first, second, _ = tier["rows"]
    # 11 of 11 against 3 of 4, where the better satisfied would come first
    assert (first["key"], first["rank"], first["note"]) == ("彭浦镇", 1, None)
    assert first["sensitivity"]["down"] == {"tickets": 3, "metric": "first_contact_rate"}
    assert (second["key"], second["rank"]) == ("大宁路街道", 2)
    assert second["note"] == "一件工单即可改变名次"
    assert second["sensitivity"]["up"] == {"tickets": 1, "metric": "first_contact_rate"}


async def test_a_unit_sees_its_own_rank_among_all(scoring: AsyncClient, keys: Keys) -> None:
    whole = await found(scoring, "/v1/ranks", keys["leader"], period="2026-11")
    mine = await found(scoring, "/v1/ranks", keys["sanitation-section"], period="2026-11")

    (tier,) = mine["tiers"]
    assert tier["rows"] == [whole["tiers"][0]["rows"][1]]
    assert await found(scoring, "/v1/ranks", keys["bi"], period="2026-11") == whole
    for query in ({}, {"period": "2026-11", "scheme": "nobody"}, {"period": "x"}):
        refused = await get(scoring, "/v1/ranks", keys["bi"], **query)
        assert refused.status_code == 422


async def test_ranks_of_before_are_those_known_then(scoring: AsyncClient, keys: Keys) -> None:
    then = "2026-11-13T09:00:00+08:00"

    body = await found(scoring, "/v1/ranks", keys["bi"], period="2026-11", known_at=then)

    assert body["known_at"] == "2026-11-13T09:00:00.000000+08:00"
    assert {row["rank"] for tier in body["tiers"] for row in tier["rows"]} == {None}
