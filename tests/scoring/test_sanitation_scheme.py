"""The sanitation assessment as a scheme: one sheet, versions, trials, charging again."""

from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import Engine, event

from services.scoring.actions.recompute import (
    Difference,
    begin_rebuilding,
    content_hash,
    rebuild,
    rebuild_some,
    recompute,
)
from shared.domain import events as e
from shared.domain.words import AppealFinding, CaseValuation, FactFinding
from shared.tickets import Hotline
from tests.conftest import Stack
from tests.scoring.asking import found, get, post
from tests.scoring.conftest import BUREAU, OnRoad
from tests.scoring.histories import History, completed
from tests.scoring.sanitation import CONTRACTOR, OTHER, Office, media_item, run_in
from tests.scoring.test_scheme_life import activated
from tests.scoring.test_trials import tried

Keys = Mapping[str, str]
LINKED = e.RepeatLinked(root="T20261101-000001", layer=1, reason="upstream")
SHEET = {"period": "2026-11", "scheme": "sanitation-v1"}
FIRST, SECOND = "T20261118-000001", "T20261118-000002"
BLOCK: dict[str, Any] = {
    "coupling": {"points": {"overdue": "0.3"}, "cap": "15"},
    "media_each": "2",
    "fees": [
        {"floor": "82", "coefficient": "1"},
        {"floor": "0", "coefficient": "0.8", "interview": True},
    ],
}
DRAFT: dict[str, Any] = {
    "id": "sanitation-v1",
    "title": "环卫作业考核（只扣超期）",
    "weights": {
        "inspection": "50",
        "media": "8",
        "timely_accept_rate": "8",
        "on_time_completion_rate": "14",
        "repeat_rate": "8",
        "satisfaction_score": "12",
    },
    "assessment": BLOCK,
}
pytestmark = pytest.mark.usefixtures("year_end")


def led(no: str, done: str) -> History:
    """Done by the contractor itself, on its road."""
    told = e.FeedbackSubmitted(
        CONTRACTOR, CaseValuation.RESOLVED, FactFinding.TRUE, AppealFinding.REASONABLE
    )
    return (
        History(no=no)
        .triage("11-18 09:40")
        .contact("11-18 10:05")
        .dispatch("11-18 10:10", CONTRACTOR)
        .accept("11-18 10:30", CONTRACTOR)
        .dispose("11-20 15:30", CONTRACTOR)
        .add("11-24 10:00", told)
        .reply("11-24 16:20")
        .complete(done)
    )


@pytest.fixture
async def month(year_end: None, office: Office, on_road: OnRoad) -> None:
    """Two tickets of the contractor's, one of them late and a repeat; inspections; an item."""
    await office.inspect(score="94.50")
    await office.inspect(road="昌平路", score="90.50")
    await office.inspect(contractor=OTHER, road="彭江路", score="80")
    await on_road(led(FIRST, "11-24 17:00").follow_up("11-26 10:00"))
    await on_road(led(SECOND, "11-27 09:00").add("11-28 09:00", LINKED))
    await office.post("media-items", media_item())


async def drafted(client: AsyncClient, bearer: str, **changed: Any) -> Any:
    answer = await post(client, "/v1/schemes", bearer, {**DRAFT, **changed})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.usefixtures("month")
async def test_a_month_by_hand_says_the_same_from_both_sides(
    office: Office, scoring: AsyncClient, keys: Keys
) -> None:
    body = await found(scoring, "/v1/scores", keys["leader"], **SHEET)
    rows = {row["key"]: row for row in body["rows"]}
    row, other = rows[CONTRACTOR], rows[OTHER]

    assert body["scheme"] == {"id": "sanitation-v1", "version": 1}
    assert {part: (one["value"], one["points"]) for part, one in row["parts"].items()} == {
        "inspection": ("92.50", "46.25"),
        "media": ("75.00", "6.00"),
        "timely_accept_rate": ("100.00", "8.00"),
        "on_time_completion_rate": ("50.00", "7.00"),
        "repeat_rate": ("50.00", "4.00"),
        "satisfaction_score": ("100.00", "12.00"),
    }
    assert row["adjustments"] == [
        {"rule": "fact", "points": "-0.4", "tickets": 2},
        {"rule": "overdue", "points": "-0.3", "tickets": 1},
        {"rule": "repeat", "points": "-0.5", "tickets": 1},
        {"rule": "media", "points": "-2", "tickets": 1},
    ]
    # 46.25 + 6 + 8 + 7 + 4 + 12, less 3.2; the other (40 + 8) of 58
    assert (row["composite"], row["score"]) == ("83.25", "80.05")
    assert (row["coefficient"], row["interview"], row["rank"]) == ("0.94", False, 2)
    assert (other["score"], other["rank"], other["tier"]) == ("82.76", 1, "contractor")
    assert (body["total"]["composite"], body["total"]["score"]) == (None, None)
    assert body["total"]["adjustments"] == row["adjustments"]
    assert body["total"]["coefficient"] is None
    # Of then, the inspections were not told yet
    for query in ({}, {"known_at": body["known_at"]}, {"known_at": "2026-12-01T00:00:00+08:00"}):
        await same_from_both(office, scoring, keys, **query)
    again = await found(scoring, "/v1/scores", keys["leader"], **SHEET, known_at=body["known_at"])
    assert again == body


async def same_from_both(office: Office, client: AsyncClient, keys: Keys, **query: str) -> None:
    sheet = await found(client, "/v1/scores", keys["leader"], **SHEET, **query)
    told = await office.read("sanitation", period="2026-11", **query)

    assert (told["scheme"], told["known_at"]) == (sheet["scheme"], sheet["known_at"])
    assert [one["contractor"] for one in told["rows"]] == [row["key"] for row in sheet["rows"]]
    for one, row in zip(told["rows"], sheet["rows"], strict=True):
        for name in ("name", "parts", "composite", "score", "coefficient", "interview"):
            assert one[name] == row[name]
        assert [(a["rule"], a["points"], a["count"]) for a in one["deductions"]["by_rule"]] == [
            (a["rule"], a["points"], a["tickets"]) for a in row["adjustments"]
        ]


async def test_only_contractors_of_the_trade_or_with_something_told_have_a_row(
    scoring: AsyncClient, keys: Keys, on_road: OnRoad, office: Office
) -> None:
    await on_road(completed(no="T20261118-000003"))
    none = await found(scoring, "/v1/scores", keys["leader"], **SHEET)
    await on_road(led(FIRST, "11-24 17:00"))
    one = await found(scoring, "/v1/scores", keys["leader"], **SHEET)
    await office.post("media-items", media_item(contractor=OTHER))
    two = await found(scoring, "/v1/scores", keys["leader"], **SHEET)
    mine = await found(scoring, "/v1/scores", keys[CONTRACTOR], **SHEET)

    assert [none["rows"], [row["key"] for row in one["rows"]]] == [[], [CONTRACTOR]]
    assert [row["key"] for row in two["rows"]] == [OTHER, CONTRACTOR]
    assert mine["rows"] == two["rows"][1:]


@pytest.mark.parametrize(
    ("query", "pointer", "message"),
    [
        ({"by": "street"}, "/by", "环卫考核只按承办单位（by=unit）"),
        ({"period": "2026"}, "/period", "环卫考核按月，期间须为 YYYY-MM"),
        ({"adjusted": "false"}, "/adjusted", "环卫考核的扣分已计申诉与剔除，不能不计"),
        ({"emergency": "exclude"}, "/emergency", "环卫考核的扣分不分应急工单，不能另行剔除"),
    ],
)
async def test_it_answers_for_units_and_months_alone(
    scoring: AsyncClient, keys: Keys, query: dict[str, str], pointer: str, message: str
) -> None:
    for path in ("/v1/scores", "/v1/ranks"):
        answer = await get(scoring, path, keys["leader"], **{**SHEET, **query})

        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"pointer": pointer, "message": message}]


async def test_a_trial_of_it_is_by_the_month_too(scoring: AsyncClient, keys: Keys) -> None:
    asked = {"period": "2026", "by": "street"}
    answer = await post(scoring, "/v1/schemes/sanitation-v1/1/trial", keys["leader"], asked)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/by", "/period"]


@pytest.mark.usefixtures("month")
async def test_ranks_are_told_without_a_least_sample(scoring: AsyncClient, keys: Keys) -> None:
    body = await found(scoring, "/v1/ranks", keys["leader"], **SHEET)

    assert body["min_sample"] == 0
    (tier,) = body["tiers"]
    assert [(row["key"], row["rank"]) for row in tier["rows"]] == [(OTHER, 1), (CONTRACTOR, 2)]
    assert tier["name"] == "作业企业"


@pytest.mark.usefixtures("month")
async def test_a_trial_tells_moves_and_the_deductions_that_begin_or_cease(
    scoring: AsyncClient, keys: Keys
) -> None:
    draft = await drafted(scoring, keys["admin"])
    trial = await tried(scoring, keys["leader"], "sanitation-v1/2")
    await activated(scoring, keys["leader"], "sanitation-v1/2", "2026-11")
    back = await tried(scoring, keys["leader"], "sanitation-v1/1")

    assert {name: draft[name] for name in ("weights", "ceiling", "min_sample")} == {
        "weights": DRAFT["weights"],
        "ceiling": "100",
        "min_sample": 0,
    }
    assert trial["moves"] == [
        {"key": OTHER, "from": 1, "to": 2},
        {"key": CONTRACTOR, "from": 2, "to": 1},
    ]
    assert [(one["no"][:2], one["from"], one["to"]) for one in trial["flips"]] == [
        ("P-", "-2", None),
        ("T2", "-0.2", None),
        ("T2", "-0.2", None),
        ("T2", "-0.5", None),
    ]
    assert {one["metric"] for one in trial["flips"]} == {"inspection"}
    assert [(one["no"], one["from"], one["to"]) for one in back["flips"]] == [
        (one["no"], one["to"], one["from"]) for one in trial["flips"]
    ]
    assert back["flips"][1]["why"] == "新方案对属实工单计分，本件得 -0.2 分；原方案不计"
    assert (trial["before"]["rows"], trial["after"]["rows"]) == (
        back["after"]["rows"],
        back["before"]["rows"],
    )


@pytest.mark.usefixtures("month")
async def test_a_version_in_force_charges_its_months_again(
    office: Office, scoring: AsyncClient, keys: Keys, on_road: OnRoad, hotline: Hotline
) -> None:
    before, sheet = (
        await office.deductions(),
        await found(scoring, "/v1/scores", keys["leader"], **SHEET),
    )
    await drafted(scoring, keys["admin"])
    await activated(scoring, keys["leader"], "sanitation-v1/2", "2026-12")
    untouched = await office.deductions()
    await drafted(scoring, keys["admin"])
    await activated(scoring, keys["leader"], "sanitation-v1/3", "2026-11-20")
    rows = await office.deductions()
    row = await office.row()
    await on_road(completed(no="T20261118-000003"))

    assert untouched == before
    assert rows[: len(before)] == before
    back = rows[len(before) :]
    assert sorted((one["rule"], one["points"], one["cause"]) for one in back) == [
        ("fact", "0.2", "repriced"),
        ("fact", "0.2", "repriced"),
        ("media", "2", "repriced"),
        ("repeat", "0.5", "repriced"),
    ]
    assert back[0]["reason"].endswith("（考核方案换版，冲回后按新分值另计）")
    assert (row["score"], row["coefficient"], row["interview"]) == ("82.95", "1.00", False)
    assert row["deductions"]["total"] == "-0.3"
    assert await office.deductions() == rows
    old = await found(
        scoring, "/v1/scores", keys["leader"], **{**SHEET, "scheme": "sanitation-v1@1"}
    )
    assert old["rows"][1]["adjustments"][0] == {"rule": "fact", "points": "-0.6", "tickets": 3}
    assert sheet["rows"][1]["score"] == "80.05"
    await same_from_both(office, scoring, keys)
    assert await recompute(hotline, BUREAU) == []


@pytest.mark.usefixtures("month")
async def test_rebuilt_from_nothing_it_is_the_same_after_a_change_of_version(
    office: Office, scoring: AsyncClient, keys: Keys, hotline: Hotline, stack: Stack
) -> None:
    await drafted(scoring, keys["admin"])
    await activated(scoring, keys["leader"], "sanitation-v1/2", "2026-11")
    rows, before = await office.deductions(), await content_hash(hotline, BUREAU)
    database = hotline.settings.database_url.rsplit("/", 1)[1]
    await run_in(stack, database, "TRUNCATE deductions")
    emptied = await content_hash(hotline, BUREAU)
    missing = await recompute(hotline, BUREAU)
    await rebuild(hotline, BUREAU)
    rebuilt = await content_hash(hotline, BUREAU)
    await run_in(stack, database, "TRUNCATE deductions")
    await begin_rebuilding(hotline, BUREAU)
    while await rebuild_some(hotline, BUREAU, batch=1):
        pass

    assert emptied != before
    assert {one.field for one in missing} == {"absent"}
    assert len(missing) == 13
    assert [rebuilt, await content_hash(hotline, BUREAU)] == [before, before]
    assert await office.deductions() == rows


@pytest.mark.usefixtures("month")
async def test_recompute_names_a_deduction_that_was_meddled_with(
    hotline: Hotline, stack: Stack, office: Office
) -> None:
    assert await recompute(hotline, BUREAU) == []
    database = hotline.settings.database_url.rsplit("/", 1)[1]
    for statement in (
        f"UPDATE deductions SET points = -9 WHERE subject = '{FIRST}'",
        f"UPDATE deductions SET cause = 'partly_true' WHERE subject = '{SECOND}' AND rule = 'fact'",
        f"DELETE FROM deductions WHERE subject = '{SECOND}' AND rule = 'repeat'",
        "UPDATE deductions SET contractor = 'x' WHERE rule = 'media'",
        "INSERT INTO deductions SELECT bureau_id, 'T0', round, rule, ordinal, ticket_id, month,"
        " contractor, points, cause, road, reverses, seq, position, recorded_at FROM deductions"
        f" WHERE subject = '{SECOND}' AND rule = 'overdue'",
    ):
        await run_in(stack, database, statement)

    named = await recompute(hotline, BUREAU)

    (media,) = (one["media_item"] for one in await office.deductions() if one["media_item"])
    assert [(one.what, one.field) for one in named] == [
        (f"deductions/{FIRST}/1/fact/1", "points"),
        (f"deductions/{SECOND}/1/fact/1", "cause"),
        (f"deductions/{SECOND}/1/repeat/1", "absent"),
        (f"deductions/{media}/0/media/1", "contractor"),
        ("deductions/T0/1/overdue/1", "absent"),
    ]
    assert named[1] == Difference(f"deductions/{SECOND}/1/fact/1", "cause", "partly_true", "true")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id": "new", "assessment": None}, "/weights/inspection"),
        ({"weights": {"satisfaction_score": "100"}}, "/weights"),
        ({"penalty": {"overdue": "1"}}, "/penalty"),
        ({"assessment": {**BLOCK, "fees": []}}, "/assessment/fees"),
        ({"assessment": {**BLOCK, "fees": BLOCK["fees"][:1]}}, "/assessment/fees"),
        ({"assessment": {**BLOCK, "fees": BLOCK["fees"] * 2}}, "/assessment/fees"),
        (
            {
                "assessment": {
                    **BLOCK,
                    "fees": [*BLOCK["fees"], {"floor": "90", "coefficient": "0"}],
                }
            },
            "/assessment/fees",
        ),
        (
            {"assessment": {**BLOCK, "coupling": {"points": {"luck": "1"}, "cap": "15"}}},
            "/assessment/coupling/points/luck",
        ),
        (
            {"assessment": {**BLOCK, "coupling": {"points": {"fact": "-1"}, "cap": "15"}}},
            "/assessment/coupling/points/fact",
        ),
        ({"assessment": {**BLOCK, "media_each": 2}}, "/assessment/media_each"),
        ({"assessment": {**BLOCK, "luck": "1"}}, "/assessment/luck"),
    ],
)
async def test_a_draft_of_it_that_makes_no_sense_is_refused(
    scoring: AsyncClient, keys: Keys, change: dict[str, Any], pointer: str
) -> None:
    answer = await post(scoring, "/v1/schemes", keys["admin"], {**DRAFT, **change})

    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert errors[0]["pointer"] == pointer
    assert not errors[0]["message"].isascii()


@pytest.mark.usefixtures("month")
async def test_no_other_scheme_reads_anything_of_it(scoring: AsyncClient, keys: Keys) -> None:
    sent: list[str] = []

    def note(*told: Any) -> None:
        sent.append(told[2])

    event.listen(Engine, "before_cursor_execute", note)
    body = await found(scoring, "/v1/scores", keys["leader"], period="2026-11")
    event.remove(Engine, "before_cursor_execute", note)

    assert sent
    tables = ("inspections", "media_items", "deductions")
    assert not [one for one in sent if any(table in one for table in tables)]
    assert not {"parts", "coefficient", "interview"} & body["rows"][0].keys()
