"""A scheme's life over HTTP: drafted by one, activated by another, in force from a date."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.domain.words import Role
from shared.tickets import Hotline
from tests.scoring.asking import found, get, issued, post
from tests.scoring.conftest import Fold, Write
from tests.scoring.november import sanitation_vector

Keys = Mapping[str, str]
# The shape of ruling 44, no more.
PLAIN: dict[str, Any] = {
    "id": "ja-default",
    "title": "综合考核（解释亦计）",
    "weights": {"actual_resolution_rate": "50", "satisfaction_score": "50"},
    "resolution_mode": "explained_counts",
    "bonus": {},
    "penalty": {"overdue": "2"},
}
pytestmark = pytest.mark.usefixtures("year_end")


async def drafted(client: AsyncClient, bearer: str, **changed: Any) -> Any:
    answer = await post(client, "/v1/schemes", bearer, {**PLAIN, **changed})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def activated(client: AsyncClient, bearer: str, path: str, since: str) -> Any:
    answer = await post(client, f"/v1/schemes/{path}/activate", bearer, {"from": since})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def in_force(client: AsyncClient, bearer: str, period: str, scheme: str) -> int:
    body = await found(client, "/v1/scores", bearer, period=period, scheme=scheme)
    assert body["scheme"]["id"] == scheme.partition("@")[0]
    version: int = body["scheme"]["version"]
    return version


async def test_a_draft_is_the_next_version_and_changes_nothing(
    scoring: AsyncClient, keys: Keys
) -> None:
    draft = await drafted(scoring, keys["admin"])

    assert (draft["id"], draft["version"], draft["state"]) == ("ja-default", 2, "draft")
    assert {name: draft[name] for name in PLAIN} == PLAIN
    assert (draft["author"], draft["effective_from"]) == ("样例管理员", None)
    assert (draft["bonus_cap"], draft["min_sample"], draft["rescaled"]) == ("5", 5, True)
    assert (draft["floor"], draft["ceiling"], draft["penalty_cap"]) == ("0", "105", None)
    assert draft["tiers"] == {"by": ["kind"], "volume": []}
    assert (draft["curves"], draft["branches"], draft["free"]) == ({}, [], {})
    shown = await found(scoring, "/v1/schemes/ja-default/2", keys["sanitation-section"])
    assert shown == draft
    assert await in_force(scoring, keys["leader"], "2026-11", "ja-default") == 1
    asked = await get(scoring, "/v1/scores", keys["bi"], period="2026-11", scheme="ja-default@2")
    assert (asked.status_code, asked.json()["errors"][0]["pointer"]) == (422, "/scheme")


async def test_versions_are_in_force_by_date_and_each_may_be_asked_for(
    scoring: AsyncClient, keys: Keys
) -> None:
    leader, admin = keys["leader"], keys["admin"]
    for _ in range(3):
        await drafted(scoring, admin)
    second = await activated(scoring, leader, "ja-default/2", "2026-11")
    await activated(scoring, leader, "ja-default/4", "2026-12-15")

    assert second["effective_from"] == "2026-11-01T00:00:00+08:00"
    assert second["approved_by"] == "样例局领导"
    asked = {
        ("2026-10", "ja-default"): 1,
        ("2026-11", "ja-default"): 2,
        ("2026-12", "ja-default"): 4,
        ("2026", "ja-default"): 4,
        ("2026-12", "ja-default@1"): 1,
        ("2026-10", "ja-default@4"): 4,
    }
    for (period, scheme), version in asked.items():
        assert await in_force(scoring, leader, period, scheme) == version
    listed = await found(scoring, "/v1/schemes", keys["bi"])
    states = [
        (one["version"], one["state"]) for one in listed["items"] if one["id"] == "ja-default"
    ]
    assert states == [(1, "retired"), (2, "retired"), (3, "draft"), (4, "active")]


async def test_a_new_scheme_is_not_in_force_before_its_time(
    scoring: AsyncClient, keys: Keys
) -> None:
    draft = await drafted(scoring, keys["admin"], id="night-market")
    assert (draft["id"], draft["version"]) == ("night-market", 1)

    before = await get(scoring, "/v1/scores", keys["bi"], period="2026-11", scheme="night-market")
    await activated(scoring, keys["leader"], "night-market/1", "2026-12-01T00:00:00+08:00")
    early = await get(scoring, "/v1/scores", keys["bi"], period="2026-11", scheme="night-market")

    assert before.json()["detail"] == "没有这个考核方案"
    assert early.json()["detail"] == "这个考核方案在该期间尚未启用"
    assert await in_force(scoring, keys["bi"], "2026-12", "night-market") == 1


async def test_nobody_activates_what_they_have_drafted(
    scoring: AsyncClient, keys: Keys, hotline: Hotline
) -> None:
    await drafted(scoring, keys["leader"])
    twin = await issued(hotline, Role.LEADER, "样例局领导")
    other = await issued(hotline, Role.LEADER, "第二位局领导")

    own = [
        await post(scoring, "/v1/schemes/ja-default/2/activate", key, {"from": "2026-11"})
        for key in (keys["leader"], twin)
    ]

    assert [answer.status_code for answer in own] == [403, 403]
    assert own[0].json()["detail"] == "起草人不能启用自己起草的方案，须由另一位局领导启用"
    await activated(scoring, other, "ja-default/2", "2026-11")


async def test_a_version_is_activated_once_and_never_reworded(
    scoring: AsyncClient, keys: Keys, hotline: Hotline
) -> None:
    path, body = "/v1/schemes/ja-default/2/activate", {"from": "2026-11"}
    await drafted(scoring, keys["admin"])
    first = await post(scoring, path, keys["leader"], body, key="once")
    replayed = await post(scoring, path, keys["leader"], body, key="once")
    again = await post(scoring, path, keys["leader"], body)
    house = await post(scoring, "/v1/schemes/qp-2018/1/activate", keys["leader"], body)

    assert (first.status_code, replayed.content) == (200, first.content)
    assert (again.status_code, house.status_code) == (409, 409)
    for statement in (
        "UPDATE schemes SET body = '{}'",
        "UPDATE schemes SET effective_from = now()",
        "DELETE FROM schemes",
    ):
        with pytest.raises(DBAPIError):
            async with hotline.database.transaction(1) as tx:
                await tx.connection.execute(text(statement))


async def test_only_leaders_and_administrators_draft_and_only_leaders_activate(
    scoring: AsyncClient, keys: Keys
) -> None:
    await drafted(scoring, keys["admin"])

    for who in ("desk", "bi", "greening-section"):
        refused = [
            await post(scoring, "/v1/schemes", keys[who], PLAIN),
            await post(scoring, "/v1/schemes/ja-default/2/trial", keys[who], {"period": "2026-11"}),
            await post(scoring, "/v1/schemes/ja-default/2/activate", keys[who], {"from": "2026"}),
        ]
        assert [answer.status_code for answer in refused] == [403, 403, 403]
        assert (await get(scoring, "/v1/schemes", keys[who])).status_code == 200
    by_admin = await post(
        scoring, "/v1/schemes/ja-default/2/activate", keys["admin"], {"from": "2026-11"}
    )
    assert by_admin.status_code == 403


@pytest.mark.parametrize("path", ["ja-default/9", "nobody/1", "ja-default/x", "ja-default/01"])
async def test_what_is_not_there_is_not_found(scoring: AsyncClient, keys: Keys, path: str) -> None:
    answers = [
        await get(scoring, f"/v1/schemes/{path}", keys["leader"]),
        await post(scoring, f"/v1/schemes/{path}/activate", keys["leader"], {"from": "2026-11"}),
        await post(scoring, f"/v1/schemes/{path}/trial", keys["leader"], {"period": "2026-11"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"weights": {"luck": "5"}}, "/weights/luck", "没有这个指标，或它不是可以计权的比率"),
    ({"weights": {"satisfaction_score": "0"}}, "/weights/satisfaction_score", "须大于 0"),
    ({"weights": {"satisfaction_score": "-1"}}, "/weights/satisfaction_score", "不能为负数"),
    ({"weights": {"satisfaction_score": "1.005"}}, "/weights/satisfaction_score", "至多两位小数"),
    ({"weights": {"satisfaction_score": 20}}, "/weights/satisfaction_score", "应为文本"),
    ({"weights": {"长" * 65: "5"}}, "/weights", "名称不得超过 64 个字符"),
    ({"weights": {}}, "/weights", "至少须有一项指标"),
    ({"penalty": {"sloth": "1"}}, "/penalty/sloth", "没有这条加减分规则"),
    ({"id": "民呼"}, "/id", "方案编号为 1–40 个小写字母、数字或连字符，以字母或数字开头"),
    ({"title": "长" * 61}, "/title", "文本过长"),
    ({"resolution_mode": "kind"}, "/resolution_mode", "不在允许的取值之内"),
    ({"min_sample": -1}, "/min_sample", "数值过小"),
    ({"ceiling": "200"}, "/ceiling", "总分不得超过 105"),
    ({"formula": "1+1"}, "/formula", "不认识的字段"),
    (
        {"branches": [{"when": {"kinds": ["club"]}}]},
        "/branches/0/when/kinds/0",
        "不在允许的取值之内",
    ),
]


async def test_what_a_draft_may_not_say_is_refused_by_its_field(
    scoring: AsyncClient, keys: Keys
) -> None:
    for changed, pointer, message in FAULTS:
        answer = await post(scoring, "/v1/schemes", keys["leader"], {**PLAIN, **changed})

        assert answer.status_code == 422, changed
        assert answer.json()["errors"] == [{"pointer": pointer, "message": message}]
    assert (await found(scoring, "/v1/schemes/ja-default/1", keys["leader"]))["version"] == 1
    assert (await get(scoring, "/v1/schemes/ja-default/2", keys["leader"])).status_code == 404


async def test_from_is_a_month_a_day_or_an_instant(scoring: AsyncClient, keys: Keys) -> None:
    await drafted(scoring, keys["admin"])

    for since in (
        None,
        "",
        "soon",
        "2026",
        "2026-13",
        "2026-02-30",
        "2026-11-01T00:00:00",
        20261101,
    ):
        body = {} if since is None else {"from": since}
        answer = await post(scoring, "/v1/schemes/ja-default/2/activate", keys["leader"], body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/from")


async def test_what_a_next_version_is_silent_about_stays_as_it_was(
    scoring: AsyncClient, keys: Keys
) -> None:
    silent = await drafted(scoring, keys["admin"], id="qp-2018", penalty={})
    spoken = await drafted(
        scoring,
        keys["admin"],
        id="qp-2018",
        rescaled=True,
        min_sample=8,
        free={"overdue": 2},
        tiers={"by": ["trade"], "volume": [20]},
        curves={"satisfaction_score": {"below": "60", "cap": "45.50"}},
    )
    later = await drafted(scoring, keys["admin"], id="qp-2018")

    assert (silent["version"], silent["rescaled"], silent["min_sample"]) == (2, False, 5)
    assert spoken["curves"] == {"satisfaction_score": {"below": "60", "cap": "45.5"}}
    assert (later["version"], later["rescaled"], later["min_sample"]) == (4, True, 8)
    assert later["tiers"] == {"by": ["trade"], "volume": [20]}
    assert (later["free"], later["curves"]) == ({"overdue": 2}, {})


async def test_the_same_key_drafts_once(scoring: AsyncClient, keys: Keys) -> None:
    first = await post(scoring, "/v1/schemes", keys["leader"], PLAIN, key="draft")
    again = await post(scoring, "/v1/schemes", keys["leader"], PLAIN, key="draft")
    other = await post(
        scoring, "/v1/schemes", keys["leader"], {**PLAIN, "title": "别"}, key="draft"
    )

    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_two_drafts_at_once_are_two_versions(scoring: AsyncClient, keys: Keys) -> None:
    drafts = await asyncio.gather(*(drafted(scoring, keys["admin"]) for _ in range(4)))

    assert sorted(draft["version"] for draft in drafts) == [2, 3, 4, 5]


async def test_the_list_is_paged(scoring: AsyncClient, keys: Keys) -> None:
    await drafted(scoring, keys["admin"])
    whole = await found(scoring, "/v1/schemes", keys["bi"])
    page = await found(scoring, "/v1/schemes", keys["bi"], limit=2)
    rest = await found(scoring, "/v1/schemes", keys["bi"], cursor=page["next_cursor"])

    assert page["items"] + rest["items"] == whole["items"]
    assert (whole["next_cursor"], rest["next_cursor"]) == (None, None)


async def test_curves_branches_and_caps_reach_the_sheet(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    await write(sanitation_vector())
    await fold()
    await drafted(
        scoring,
        keys["admin"],
        id="curved",
        weights={"on_time_completion_rate": "60", "satisfaction_score": "40"},
        penalty={"overdue": "1.25"},
        curves={"on_time_completion_rate": {"full": "95", "slope": "2"}},
        branches=[{"when": {"max_intake": 10}, "penalty": {"overdue": "3"}}],
    )
    await activated(scoring, keys["leader"], "curved/1", "2026-11-01")

    body = await found(scoring, "/v1/scores", keys["desk"], period="2026-11", scheme="curved")

    # on time 90 %: 60 − 2·5 = 50; satisfaction 77.5 % of 40 = 31
    (row,) = body["rows"]
    assert (row["composite"], row["score"]) == ("81.00", "78.00")
    assert row["adjustments"] == [{"rule": "overdue", "points": "-3", "tickets": 1}]
