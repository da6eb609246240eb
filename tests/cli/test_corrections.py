"""`minhu calendar load` and `minhu limits load` on tickets with clocks: tried first, then done."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.domain.calendar import CITY_ZONE
from shared.tickets import Hotline
from tests.cli.console import Said, run
from tests.factories import Desk, SetClock, make_ticket

RECEIVED = datetime(2026, 12, 29, 10, 0, tzinfo=CITY_ZONE)
NOTICE = {
    "year": 2027,
    "provisional": False,
    "source": "国务院办公厅通知（模拟）",
    "days": [
        {"day": "2027-01-01", "is_workday": False, "name": "元旦"},
        {"day": "2027-01-04", "is_workday": False, "name": "元旦"},
    ],
}
LIMITS = {
    "version": "second",
    "valid_from": "2026-12-01T00:00:00+08:00",
    "values": [{"key": "limit.complaint", "value": "3wd"}],
}


def load(kind: str, content: Any, given: dict[str, str], folder: Path, *more: str) -> Said:
    path = folder / f"{kind}.json"
    path.write_text(json.dumps(content))
    return run(kind, "load", str(path), *more, given=given)


async def read(desk: Desk, no: str) -> dict[str, Any]:
    items = (await desk.get("desk", f"/v1/tickets/{no}/clocks")).json()["items"]
    return {item["name"]: item for item in items}


async def test_a_confirmed_year_is_tried_and_then_recorded_once_for_every_clock(
    outside: dict[str, str], tmp_path: Path, hotline: Hotline, desk: Desk, set_clock: SetClock
) -> None:
    await set_clock("2026-12-31T18:00:00+08:00")
    no = await make_ticket(hotline, received_at=RECEIVED)
    version = (await desk.get("desk", f"/v1/tickets/{no}")).json()["version"]

    tried = load("calendar", NOTICE, outside, tmp_path, "--dry-run")
    untouched = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    done = load("calendar", NOTICE, outside, tmp_path)
    again = load("calendar", NOTICE, outside, tmp_path)

    line = f"{no} 第1轮 办结：2027-01-06 23:59:59 → 2027-01-07 23:59:59，进行中 → 进行中"
    assert line in tried.out.splitlines()
    assert tried.out.splitlines()[-1] == (
        "1 件工单的 2 个时限改变，其中 0 个判定改变；试算，未作任何改动"
    )
    assert untouched["version"] == version
    assert "已载入 2027 年" in done.out
    assert line in done.out.splitlines()
    assert again.out.splitlines()[-1].startswith("0 件工单的 0 个时限改变")
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert ticket["version"] == version + 1
    assert ticket["clocks"]["complete"]["due"] == "2027-01-07T23:59:59+08:00"
    events = (await desk.get("desk", f"/v1/tickets/{no}/events")).json()["items"]
    corrected = [one for one in events if one["type"] == "ticket.clocks_corrected"]
    assert [one["data"]["calendar"] for one in corrected] == ["2027.1"]
    complete = (await read(desk, no))["complete"]
    assert complete["calendar_version"] == "2027.1"
    assert (
        "原为2027年1月6日（周三）24:00前，12月31日（周四）18:00因更正日历或时限改定"
        in complete["text"]
    )


async def test_corrected_limits_are_listed_with_the_verdicts_they_turn(
    outside: dict[str, str], tmp_path: Path, hotline: Hotline, desk: Desk, set_clock: SetClock
) -> None:
    await set_clock("2027-01-05T09:00:00+08:00")
    no = await make_ticket(hotline, received_at=RECEIVED)

    tried = load("limits", LIMITS, outside, tmp_path, "--dry-run")
    done = load("limits", LIMITS, outside, tmp_path)
    again = load("limits", LIMITS, outside, tmp_path)
    other = load(
        "limits", {**LIMITS, "values": [{"key": "limit.help", "value": "4wd"}]}, outside, tmp_path
    )

    assert (
        f"{no} 第1轮 办结：2027-01-06 23:59:59 → 2027-01-04 23:59:59，进行中 → 超时"
        "（limit.complaint=5wd → limit.complaint=3wd）"
    ) in tried.out.splitlines()
    assert tried.out.splitlines()[-1] == (
        "1 件工单的 2 个时限改变，其中 2 个判定改变；试算，未作任何改动"
    )
    assert "时限版本 second：已载入" in done.out
    assert "没有改动" in again.out
    assert "时限版本 second 已存在" in other.err
    assert (await read(desk, no))["complete"]["limits_version"] == "second"


def test_faulty_limits_are_refused_at_their_key(outside: dict[str, str], tmp_path: Path) -> None:
    faults = {
        "/values/0 没有“limit.nothing”这一项": [{"key": "limit.nothing", "value": "5wd"}],
        "“limit.help”：无法识别的时限：five": [{"key": "limit.help", "value": "five"}],
        "“duty.normal”：": [{"key": "duty.normal", "value": "17:30-08:30"}],
        "“archive_days”应为整数：many": [{"key": "archive_days", "value": "many"}],
        "“target.S-01”：": [{"key": "target.S-01", "value": "soon"}],
        "出现了两次": [
            {"key": "limit.help", "value": "5wd"},
            {"key": "limit.help", "value": "5wd"},
        ],
        "/values 不能为空": [],
    }
    for told, values in faults.items():
        said = load("limits", {**LIMITS, "values": values}, outside, tmp_path)
        assert said.code == 1
        assert told in said.err, said.err
