"""Inspections and media items over HTTP: who may, revisions, replays, files. Data fictitious."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.scoring.sanitation import (
    CONTRACTOR,
    CSV,
    OTHER,
    XLSX,
    Office,
    inspection,
    media_item,
    workbook,
)

pytestmark = pytest.mark.usefixtures("year_end")
HEADINGS = ("月份", "作业单位", "道路", "得分")


@pytest.fixture
def office(scoring: AsyncClient, keys: dict[str, str]) -> Office:
    return Office(scoring, keys)


def csv_of(*rows: tuple[Any, ...]) -> bytes:
    lines = [",".join(map(str, row)) for row in (HEADINGS, *rows)]
    return "\n".join(lines).encode("gb18030")


async def test_an_inspection_told_again_is_a_new_revision_and_nothing_is_lost(
    office: Office,
) -> None:
    first = await office.inspect(score="94.50")
    same = await office.inspect(score="94.5", road=" 江宁路 ")
    second = await office.inspect(score="90")
    other = await office.inspect(score="80", inspected_on="2026-11-20")
    listed = await office.read("inspections", period="2026-11")
    revisions = await office.read(f"inspections/{first['id']}")

    assert (first["revision"], first["score"], first["month"]) == (1, "94.50", "2026-11")
    assert same == first
    assert (second["id"], second["revision"]) == (first["id"], 2)
    assert other["id"] != first["id"]
    assert {one["id"]: one["score"] for one in listed["items"]} == {
        first["id"]: "90.00",
        other["id"]: "80.00",
    }
    assert [one["score"] for one in revisions["items"]] == ["94.50", "90.00"]
    assert (await office.row())["parts"]["inspection"]["value"] == "85.00"


async def test_many_and_files_come_through_the_same_door_and_never_half(office: Office) -> None:
    rows = [("2026-11", CONTRACTOR, f"示例{n}路", f"9{n}") for n in range(3)]
    listed = await office.post(
        "inspections",
        [inspection(road=f"示例{n}路", score=f"9{n}", inspected_on=None) for n in (0, 1)],
    )
    as_csv = await office.send("inspections", csv_of(*rows), "text/csv; charset=gb18030")
    as_xlsx = await office.send("inspections", workbook(HEADINGS, *rows, rows[0]), XLSX)
    bad = await office.send(
        "inspections",
        csv_of(("2026-11", CONTRACTOR, "另一路", "90"), ("2026-11", "nobody", "x", "9")),
    )
    differing = await office.send("inspections", csv_of(rows[0], (*rows[0][:3], "10")))

    assert (listed.status_code, listed.json()) == (
        201,
        {"rows": 2, "created": 2, "revised": 0, "unchanged": 0},
    )
    assert as_csv.json() == {"rows": 3, "created": 1, "revised": 0, "unchanged": 2}
    assert as_xlsx.json() == {"rows": 4, "created": 0, "revised": 0, "unchanged": 3}
    assert (bad.status_code, [one["pointer"] for one in bad.json()["errors"]]) == (
        422,
        ["/rows/3/contractor"],
    )
    assert [one["pointer"] for one in differing.json()["errors"]] == ["/rows/3"]
    kept = await office.read("inspections", period="2026-11", contractor=CONTRACTOR)
    assert sorted(one["road"] for one in kept["items"]) == ["示例0路", "示例1路", "示例2路"]


async def test_a_call_is_replayed_by_its_key_and_needs_one(
    office: Office, keys: dict[str, str]
) -> None:
    first = await office.post("inspections", inspection(), key="once")
    again = await office.post("inspections", inspection(), key="once")
    other = await office.post("inspections", inspection(score="1"), key="once")
    without = await office.client.post(
        "/v1/media-items", json=media_item(), headers={"Authorization": f"Bearer {keys['desk']}"}
    )

    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (
        422,
        "/Idempotency-Key",
    )


async def test_who_may_write_and_who_sees_what(office: Office) -> None:
    written = {
        who: (await office.post("inspections", inspection(road=f"{who}路"), who)).status_code
        for who in ("desk", "leader", "admin", "bi", CONTRACTOR)
    }
    kept = (await office.post("media-items", media_item(contractor=OTHER))).json()
    seen = {
        who: len((await office.read("inspections", who))["items"])
        for who in ("desk", "leader", "admin", "bi", CONTRACTOR, OTHER)
    }
    withdrawing = await office.post(
        f"media-items/{kept['id']}/withdraw", {"reason": "x"}, CONTRACTOR
    )

    assert written == {"desk": 201, "leader": 201, "admin": 201, "bi": 403, CONTRACTOR: 403}
    assert seen == {"desk": 3, "leader": 3, "admin": 3, "bi": 3, CONTRACTOR: 3, OTHER: 0}
    assert (await office.get(f"media-items/{kept['id']}", CONTRACTOR)).status_code == 404
    assert (await office.get(f"media-items/{kept['id']}", OTHER)).status_code == 200
    assert withdrawing.status_code == 403
    assert (await office.post("media-items/P-0/withdraw", {"reason": "x"})).status_code == 404
    assert (await office.client.get("/v1/inspections")).status_code == 401


async def test_what_makes_no_sense_is_refused_by_its_field(office: Office) -> None:
    told: list[tuple[str, Any, list[str]]] = [
        ("inspections", inspection(contractor="sanitation-section"), ["/contractor"]),
        ("inspections", inspection(contractor="nobody"), ["/contractor"]),
        ("inspections", inspection(score="100.5"), ["/score"]),
        ("inspections", inspection(score=94.5), ["/score"]),
        ("inspections", inspection(month="2026"), ["/month"]),
        ("inspections", inspection(from_no=1), ["/to_no"]),
        ("inspections", inspection(from_no=9, to_no=1), ["/to_no"]),
        ("inspections", inspection(luck=1), ["/luck"]),
        ("inspections", inspection(note="a\0b"), ["/note"]),
        ("inspections", [], [""]),
        ("inspections", [inspection(), inspection(score="x")], ["/1/score"]),
        ("inspections", [inspection(), 7], ["/1"]),
        ("media-items", media_item(ticket="T20261118-999999"), ["/ticket"]),
        ("media-items", media_item(url="javascript:alert(1)"), ["/url"]),
        ("media-items", media_item(published_on="2026-02-30"), ["/published_on"]),
        ("media-items", {}, ["/month", "/contractor", "/title", "/published_on", "/outlet"]),
    ]
    found = []
    for path, body, _ in told:
        answer = await office.post(path, body)
        pointers = [error["pointer"] for error in answer.json().get("errors", [])]
        found.append((answer.status_code, pointers))

    assert found == [(422, pointers) for _, _, pointers in told]
    assert (await office.read("inspections"))["items"] == []


async def test_what_is_no_such_file_or_too_large_is_refused(office: Office) -> None:
    typed = await office.send("inspections", b"x", "text/plain")
    large = await office.send("inspections", b"a" * (5 * 1024 * 1024 + 1), CSV)
    broken = await office.send("inspections", b"PK nothing", XLSX)

    assert [one.status_code for one in (typed, large, broken)] == [415, 413, 422]


async def test_the_list_is_read_page_by_page(office: Office) -> None:
    rows = [("2026-11", CONTRACTOR, f"示例{n}路", "90") for n in range(7)]
    await office.send("inspections", csv_of(*rows))
    found: list[str] = []
    query = {"period": "2026-11", "limit": "3"}
    while True:
        page = await office.read("inspections", **query)
        found += [one["road"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert sorted(found) == sorted(row[2] for row in rows)
