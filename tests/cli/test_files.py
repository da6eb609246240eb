"""`minhu org load` and `minhu calendar load`: what is loaded, twice, and what is refused where."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import shared
from shared.tickets import Hotline
from tests.cli.console import finish, run, start

OTHER: Mapping[str, Any] = {
    "slug": "other-bureau",
    "name": "另一个局（样例）",
    "units": [
        {"id": "desk", "kind": "desk", "name": "受理科（样例）"},
        {"id": "roads", "kind": "section", "name": "道路科（样例）", "trades": ["sanitation"]},
    ],
}
NOTICE: Mapping[str, Any] = {
    "year": 2027,
    "provisional": False,
    "source": "国务院办公厅通知（模拟）",
    "days": [
        {"day": "2027-01-01", "is_workday": False, "name": "元旦"},
        {"day": "2027-01-02", "is_workday": True, "name": "元旦调休"},
    ],
}


def write(folder: Path, name: str, content: Any) -> str:
    path = folder / f"{name}.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def refuse_all(kind: str, cases: Mapping[str, Any], folder: Path, given: dict[str, str]) -> None:
    started = {
        told: start(kind, "load", write(folder, str(place), content), given=given)
        for place, (told, content) in enumerate(cases.items())
    }
    for told, process in started.items():
        said = finish(process)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith("错误："), said.err
        assert told in said.err, said.err
        assert said.err.count("\n") == 1


async def snapshot(hotline: Hotline) -> list[list[str]]:
    """All that such files lead to; how often something was loaded counts for nothing."""
    async with hotline.database.transaction(1) as tx:
        found = [
            await tx.connection.exec_driver_sql(f"SELECT * FROM {table}")
            for table in ("bureaus", "units", "calendars", "calendar_days", "limits")
        ]
        return [
            sorted(str({**row._mapping, "config_version": None}) for row in rows) for rows in found
        ]


async def test_an_organisation_loads_with_its_rules_and_loading_it_again_changes_nothing(
    outside: dict[str, str], tmp_path: Path, hotline: Hotline
) -> None:
    file = write(tmp_path, "other", OTHER)

    first = run("org", "load", file, given=outside)
    before = await snapshot(hotline)
    second = run("org", "load", file, given=outside)

    assert first.out.splitlines() == [
        "已载入 另一个局（样例）（other-bureau）：2 个单位",
        "已载入自带的工作日历 2026.1",
        "已载入自带的时限 default-1",
    ]
    assert second.out == "已载入 另一个局（样例）（other-bureau）：2 个单位\n"
    assert await snapshot(hotline) == before


async def test_a_year_becomes_a_new_version_of_the_calendar_and_again_changes_nothing(
    outside: dict[str, str], tmp_path: Path, hotline: Hotline
) -> None:
    file = write(tmp_path, "2027", NOTICE)

    first = run("calendar", "load", file, given=outside)
    before = await snapshot(hotline)
    second = run("calendar", "load", file, given=outside)
    taken = run("calendar", "load", file, "--version", "2026.1", given=outside)

    assert first.out.splitlines() == [
        "已载入 2027 年（正式，2 天），日历版本 2027.1",
        "日历现含：2022、2023、2024、2025、2026、2027",
        "0 件工单的 0 个时限改变，其中 0 个判定改变；已定的时限一概照旧",
    ]
    assert second.out.splitlines()[0] == "日历版本 2027.1 中的 2027 年与文件相同，没有改动"
    assert (second.code, taken.code) == (0, 1)
    assert "日历版本 2026.1 已存在" in taken.err
    assert await snapshot(hotline) == before


async def test_the_years_shipped_are_in_the_sample_already(outside: dict[str, str]) -> None:
    shipped = str(files(shared) / "data" / "calendar" / "2026.json")

    said = run("calendar", "load", shipped, given=outside)

    assert said.out.startswith("日历版本 2026.1 中的 2026 年与文件相同，没有改动")


async def test_a_faulty_organisation_is_refused_at_its_place_and_nothing_is_stored(
    outside: dict[str, str], tmp_path: Path, hotline: Hotline
) -> None:
    desk = OTHER["units"][0]
    before = await snapshot(hotline)

    refuse_all(
        "org",
        {
            "/name 缺少；/units 缺少": {"slug": "x"},
            "/slug 只能用小写字母": {**OTHER, "slug": ""},
            "/units/0/kind 只能是 bureau、desk、": {**OTHER, "units": [{**desk, "kind": "team"}]},
            "/units/0/phone 没有这个字段": {**OTHER, "units": [{**desk, "phone": "1"}]},
            "/units/1/name 不能为空": {**OTHER, "units": [desk, {**desk, "id": "x", "name": " "}]},
            "单位 desk 出现了两次": {**OTHER, "units": [desk, desk]},
            "上级 roads 须写在它之前": {**OTHER, "units": [{**desk, "parent": "roads"}]},
            "第 1 行第 2 列不是合法的 JSON": "{",
        },
        tmp_path,
        outside,
    )

    assert await snapshot(hotline) == before


async def test_a_faulty_year_is_refused_at_its_place_and_nothing_is_stored(
    outside: dict[str, str], tmp_path: Path, hotline: Hotline
) -> None:
    day = NOTICE["days"][0]
    before = await snapshot(hotline)

    refuse_all(
        "calendar",
        {
            "/year 应为整数": {**NOTICE, "year": "2027"},
            "/provisional 缺少": {k: v for k, v in NOTICE.items() if k != "provisional"},
            "/days 不能为空": {**NOTICE, "days": []},
            "/days/0/day 应为日期": {**NOTICE, "days": [{**day, "day": "2027-02-30"}]},
            "/days/0/is_workday 应为 true 或 false": {
                **NOTICE,
                "days": [{**day, "is_workday": "false"}],
            },
            "/days/1/day 2028-01-01 不在 2027 年": {
                **NOTICE,
                "days": [day, {**day, "day": "2028-01-01"}],
            },
            "/days/1/day 2027-01-01 出现了两次": {**NOTICE, "days": [day, day]},
            "/ 应为对象": [],
        },
        tmp_path,
        outside,
    )

    assert await snapshot(hotline) == before


def test_a_file_that_cannot_be_read_is_named(outside: dict[str, str], tmp_path: Path) -> None:
    missing = run("org", "load", str(tmp_path / "none.json"), given=outside)
    folder = run("calendar", "load", str(tmp_path), given=outside)

    assert missing.err == f"错误：无法读取 {tmp_path / 'none.json'}：没有这个文件\n"
    assert folder.err == f"错误：无法读取 {tmp_path}：这是一个目录\n"
