"""GET /v1/scores and the tickets behind each of its figures."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from httpx import AsyncClient

from services.scoring.rules.verdicts import EXCLUSIONS
from tests.scoring.conftest import Fold, Write
from tests.scoring.november import greening_five, sanitation_vector, undispatched

pytestmark = pytest.mark.usefixtures("november")
Keys = Mapping[str, str]
BYS = ("unit", "section", "executor", "trade", "street", "source", "category")


@pytest.fixture
async def november(year_end: None, write: Write, fold: Fold) -> None:
    await write([*sanitation_vector(), *greening_five(), undispatched()])
    await fold()


async def ask(client: AsyncClient, path: str, bearer: str, /, **query: Any) -> Any:
    answer = await client.get(path, params=query, headers={"Authorization": f"Bearer {bearer}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def scores(client: AsyncClient, bearer: str, /, **query: Any) -> Any:
    return await ask(client, "/v1/scores", bearer, **{"period": "2026-11", **query})


async def behind(client: AsyncClient, bearer: str, /, **query: Any) -> list[dict[str, Any]]:
    """Every page of a figure's tickets, two at a time."""
    found: list[dict[str, Any]] = []
    given = {"period": "2026-11", "limit": 2, **query}
    while True:
        page = await ask(client, "/v1/scores/tickets", bearer, **given)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        given["cursor"] = page["next_cursor"]


def row_of(body: Any, key: str | None) -> Any:
    (row,) = [row for row in body["rows"] if row["key"] == key]
    return row


async def test_the_sheet_shows_the_reference_vector(scoring: AsyncClient, keys: Keys) -> None:
    body = await scores(scoring, keys["leader"])

    assert body["period"] == {
        "id": "2026-11",
        "from": "2026-11-01T00:00:00+08:00",
        "to": "2026-12-01T00:00:00+08:00",
    }
    assert (body["by"], body["scheme"]) == ("unit", {"id": "ja-default", "version": 1})
    assert (body["calendar_version"], body["frozen"]) == ("2026.1", False)
    row = row_of(body, "sanitation-section")
    assert row["intake"] == 10
    assert row["metrics"]["first_contact_rate"] == {
        "num": "7",
        "den": 8,
        "value": "87.50",
        "excluded": {"unrated": 2},
    }
    assert row["metrics"]["satisfaction_score"] == {
        "num": "6.2",
        "den": 8,
        "value": "77.50",
        "excluded": {"unrated": 2},
    }
    values = {name: figure["value"] for name, figure in row["metrics"].items()}
    assert values["on_time_completion_rate"] == values["timely_reply_rate"] == "90.00"
    assert values["actual_resolution_rate"] == "66.67"
    assert values["actual_resolution_rate_explained_counts"] == "100.00"
    assert values["actual_resolution_rate_reasonable_only"] == "66.67"
    assert row["composite"] == "81.71"
    assert row["adjustments"] == [{"rule": "overdue", "points": "-1", "tickets": 1}]
    assert (row["score"], row["rank"], row["tier"], row["note"]) == ("80.71", 1, "section", None)


async def test_the_observed_scheme_weighs_the_share_of_intake(
    scoring: AsyncClient, keys: Keys
) -> None:
    row = row_of(await scores(scoring, keys["desk"], scheme="qp-2018"), "sanitation-section")

    # 5·10/15 + 26.25 + 20 + 31
    assert (row["composite"], row["score"], row["adjustments"]) == ("80.58", "80.58", [])


async def test_a_small_sample_and_the_undispatched_have_no_rank(
    scoring: AsyncClient, keys: Keys
) -> None:
    body = await scores(scoring, keys["admin"])

    greening, nobody = row_of(body, "greening-section"), row_of(body, None)
    assert (greening["rank"], greening["note"]) == (None, "有效评价不足 5 件，不排名")
    assert greening["metrics"]["satisfaction_score"]["excluded"] == {
        "not_followed_up": 1,
        "refused": 1,
        "unreachable": 1,
    }
    assert (nobody["name"], nobody["intake"], nobody["rank"]) == ("未派单", 1, None)
    assert nobody["metrics"]["satisfaction_score"]["value"] is None


async def test_what_is_open_fails_when_its_due_has_come(scoring: AsyncClient, keys: Keys) -> None:
    """The rework nobody was given is due on the 19th, the undispatched ticket on the 27th."""
    later = "2026-11-27T23:59:59+08:00"

    now = row_of(await scores(scoring, keys["leader"]), None)
    then = row_of(await scores(scoring, keys["leader"], known_at=later), None)

    failed = {"num": "0", "value": "0.00", "excluded": {}}
    assert now["metrics"]["on_time_completion_rate"] == {**failed, "den": 1}
    assert then["metrics"]["on_time_completion_rate"] == {**failed, "den": 2}


@pytest.mark.parametrize("by", BYS)
async def test_rows_add_up_to_the_total(scoring: AsyncClient, keys: Keys, by: str) -> None:
    body = await scores(scoring, keys["leader"], by=by)
    total = body["total"]

    assert sum(row["intake"] for row in body["rows"]) == total["intake"] == 16
    for name, figure in total["metrics"].items():
        parts = [row["metrics"][name] for row in body["rows"]]
        assert sum(Decimal(part["num"]) for part in parts) == Decimal(figure["num"])
        assert sum(part["den"] for part in parts) == figure["den"]
        for reason, count in figure["excluded"].items():
            assert sum(part["excluded"].get(reason, 0) for part in parts) == count
    assert total["metrics"] == (await scores(scoring, keys["leader"]))["total"]["metrics"]


@pytest.mark.parametrize("by", ["unit", "street"])
async def test_every_figure_is_exactly_its_tickets(
    scoring: AsyncClient, keys: Keys, by: str
) -> None:
    body = await scores(scoring, keys["leader"], by=by)
    rows = [(row, {"key": row["key"] or ""}) for row in body["rows"]]

    for row, place in [*rows, (body["total"], {})]:
        for name, figure in row["metrics"].items():
            asked = {"by": by, "metric": name, **place}
            num = await behind(scoring, keys["leader"], part="num", **asked)
            den = await behind(scoring, keys["leader"], part="den", **asked)
            out = await behind(scoring, keys["leader"], part="excluded", **asked)
            assert sum(Decimal(one["value"]) for one in num) == Decimal(figure["num"])
            assert len(den) == figure["den"]
            assert len({(one["no"], one["round"]) for one in den}) == len(den)
            reasons = [one["reason"] for one in out]
            assert {r: reasons.count(r) for r in reasons} == figure["excluded"]
        intake = await behind(scoring, keys["leader"], by=by, metric="intake", part="num", **place)
        assert len(intake) == row["intake"]


async def test_points_are_explained_by_tickets_too(scoring: AsyncClient, keys: Keys) -> None:
    overdue = await behind(
        scoring, keys["desk"], metric="overdue_count", key="sanitation-section", part="num"
    )
    reworks = await behind(scoring, keys["desk"], metric="rework_count", key="null", part="num")

    assert overdue == [{"no": "T20261102-000010", "round": 1, "value": "1", "reason": None}]
    assert reworks == [{"no": "T20261102-000013", "round": 2, "value": "1", "reason": None}]


async def test_a_rework_leaves_the_first_round_where_it_was(
    scoring: AsyncClient, keys: Keys
) -> None:
    row = row_of(await scores(scoring, keys["leader"]), "greening-section")

    assert row["metrics"]["on_time_completion_rate"]["num"] == "5"
    assert row["metrics"]["satisfaction_score"]["num"] == "1"
    assert row["metrics"]["satisfaction_score"]["den"] == 2


async def test_percentages_come_with_their_interval_and_whether_they_stand_out(
    scoring: AsyncClient, keys: Keys
) -> None:
    row = row_of(await scores(scoring, keys["leader"]), "sanitation-section")

    assert row["intervals"]["first_contact_rate"] == {
        "low": "52.91",
        "high": "97.76",
        "note": "与其余各行合计无显著差别",
    }
    assert row["intervals"].keys() == row["metrics"].keys() - {"satisfaction_score"}


async def test_a_unit_sees_its_own_row_ranked_among_all_and_its_own_total(
    scoring: AsyncClient, keys: Keys
) -> None:
    mine = await scores(scoring, keys["sanitation-section"])
    everyone = await scores(scoring, keys["leader"])

    assert mine["rows"] == [row_of(everyone, "sanitation-section")]
    assert mine["total"]["intake"] == 10
    assert mine["known_at"] == everyone["known_at"]
    observed = await scores(scoring, keys["sanitation-section"], scheme="qp-2018")
    assert observed["rows"][0]["composite"] == "80.58"


async def test_a_unit_sees_only_its_own_tickets_behind_a_figure(
    scoring: AsyncClient, keys: Keys
) -> None:
    key = keys["greening-section"]

    assert len(await behind(scoring, key, metric="intake", part="num")) == 5
    assert await behind(scoring, key, metric="intake", key="sanitation-section") == []
    by_street = await scores(scoring, key, by="street")
    assert [(row["key"], row["intake"]) for row in by_street["rows"]] == [("彭浦镇", 5)]


async def test_a_bureau_wide_bi_key_sees_all(scoring: AsyncClient, keys: Keys) -> None:
    assert await scores(scoring, keys["bi"]) == await scores(scoring, keys["leader"])


@pytest.mark.parametrize(
    ("period", "intake"), [("2026", 16), ("2026-10", 0), ("2026-12", 0), ("2025", 0)]
)
async def test_a_year_and_other_months_have_their_own_sums(
    scoring: AsyncClient, keys: Keys, period: str, intake: int
) -> None:
    body = await scores(scoring, keys["leader"], period=period)

    assert body["total"]["intake"] == intake


@pytest.mark.parametrize("period", ["2027-01", "2027"])
async def test_a_period_that_has_not_begun_has_no_rows(
    scoring: AsyncClient, keys: Keys, period: str
) -> None:
    body = await scores(scoring, keys["leader"], period=period)

    assert body["rows"] == []
    assert (body["total"]["intake"], body["total"]["score"]) == (0, None)


async def test_the_same_question_gets_the_same_bytes(scoring: AsyncClient, keys: Keys) -> None:
    headers = {"Authorization": f"Bearer {keys['leader']}"}
    query = {"period": "2026-11", "by": "executor", "known_at": "2026-12-01T00:00:00+08:00"}

    first = await scoring.get("/v1/scores", params=query, headers=headers)
    again = await scoring.get("/v1/scores", params=query, headers=headers)

    assert first.content == again.content


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("scores", {}, "/period"),
        ("scores", {"period": "2026-13"}, "/period"),
        ("scores", {"period": "2026-11", "by": "city"}, "/by"),
        ("scores", {"period": "2026-11", "scheme": "nobody"}, "/scheme"),
        ("scores", {"period": "2026-11", "known_at": "2026-11-05T00:00:00"}, "/known_at"),
        ("scores", {"period": "2026-11", "known_at": "1764547200"}, "/known_at"),
        (
            "scores",
            {"period": "2026-11", "known_at": "2026-12-31T23:00:00.000001+08:00"},
            "/known_at",
        ),
        ("scores", {"period": "2026-11", "adjusted": "maybe"}, "/adjusted"),
        ("scores/tickets", {"period": "2026-11"}, "/metric"),
        ("scores/tickets", {"period": "2026-11", "metric": "luck"}, "/metric"),
        ("scores/tickets", {"period": "2026-11", "metric": "intake", "part": "top"}, "/part"),
        ("scores/tickets", {"period": "2026-11", "metric": "intake", "key": "mars"}, "/key"),
        ("scores/tickets", {"period": "2026-11", "metric": "intake", "limit": "501"}, "/limit"),
        ("scores/tickets", {"period": "2026-11", "metric": "intake", "cursor": "AAAA"}, "/cursor"),
        ("scores", {"period": "2026-11", "scheme": "ja\0"}, "/scheme"),
        ("scores/tickets", {"period": "2026-11", "metric": "intake", "key": "\0"}, "/key"),
        ("ranks", {"period": "2026-11", "scheme": "\0"}, "/scheme"),
        ("inspections", {"contractor": "\0"}, "/contractor"),
        ("city-ranks", {"from": "2026"}, "/from"),
        ("city-ranks", {"from": "2026-02", "to": "2026-01"}, "/from"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_by_its_field(
    scoring: AsyncClient, keys: Keys, path: str, query: dict[str, str], pointer: str
) -> None:
    answer = await scoring.get(
        f"/v1/{path}", params=query, headers={"Authorization": f"Bearer {keys['leader']}"}
    )

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("path", ["scores?period=2026-11", "metrics", "schemes", "city-ranks"])
async def test_a_key_is_needed(scoring: AsyncClient, path: str) -> None:
    assert (await scoring.get(f"/v1/{path}")).status_code == 401


async def test_a_cursor_opens_only_for_its_own_figure(scoring: AsyncClient, keys: Keys) -> None:
    headers = {"Authorization": f"Bearer {keys['leader']}"}
    query = {"period": "2026-11", "metric": "intake", "limit": "1"}
    page = await scoring.get("/v1/scores/tickets", params=query, headers=headers)
    cursor = page.json()["next_cursor"]

    other = await scoring.get(
        "/v1/scores/tickets",
        params={**query, "metric": "overdue_count", "cursor": cursor},
        headers=headers,
    )

    assert f"cursor={cursor}" in page.headers["link"]
    assert other.status_code == 422


async def test_the_catalogue_tells_what_every_shown_figure_means(
    scoring: AsyncClient, keys: Keys
) -> None:
    body = await scores(scoring, keys["leader"])
    catalogue = await ask(scoring, "/v1/metrics", keys["greening-section"])
    told = {one["id"]: one for one in catalogue["items"]}

    assert body["total"]["metrics"].keys() | {"intake"} <= told.keys()
    assert told["actual_resolution_rate"]["name"] == "实际解决率"
    assert told["satisfaction_score"]["exclusions"].keys() == {
        "unrated",
        "unreachable",
        "refused",
        "not_followed_up",
        "exempt",
        "appeal",
        *EXCLUSIONS,
    }
    assert catalogue["next_cursor"] is None


async def test_the_schemes_are_shown_as_data(scoring: AsyncClient, keys: Keys) -> None:
    body = await ask(scoring, "/v1/schemes", keys["leader"])

    first, second = body["items"][:2]
    assert (first["id"], first["version"], first["state"]) == ("ja-default", 1, "active")
    assert first["weights"] == {
        "first_contact_rate": "20",
        "on_time_completion_rate": "20",
        "timely_reply_rate": "15",
        "actual_resolution_rate": "20",
        "satisfaction_score": "25",
    }
    assert first["penalty"] == {
        "overdue": "1",
        "repeat": "0.5",
        "rework": "1",
        "wrong_return": "0.5",
    }
    assert (second["id"], second["bonus"], second["penalty"]) == ("qp-2018", {}, {})


async def test_every_operation_is_told_with_a_summary_and_an_example(scoring: AsyncClient) -> None:
    schema = (await scoring.get("/openapi.json")).json()
    told = [path for path in schema["paths"] if path.startswith("/v1/")]

    assert len(told) >= 5
    for path in told:
        for operation in schema["paths"][path].values():
            status = min(operation["responses"])
            assert operation["summary"]
            assert status in ("200", "201", "202")
            assert operation["responses"][status]["content"]["application/json"]["example"]
