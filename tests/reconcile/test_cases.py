"""A case from its opening to its end: who may, what is kept, and when it comes back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from httpx import Response

from tests.factories import SetClock
from tests.platform import Platform
from tests.reconcile.lists import Line, reconcile

DAY = "2026-11-18"
RECEIVED = datetime.fromisoformat("2026-11-18T09:12:00+08:00")
PATH = "/v1/reconciliation-cases"
MISSING = [Line("SH-9", RECEIVED)]


@dataclass
class Office:
    """Calls as one of the sample keys; every write with a key of its own."""

    platform: Platform
    keys: dict[str, str]
    calls: list[str] = field(default_factory=list)

    async def get(self, who: str, path: str = "") -> Response:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        return await self.platform.client.get(f"{PATH}{path}", headers=headers)

    async def post(self, who: str, path: str, **body: Any) -> Response:
        self.calls.append(path)
        headers = {
            "Authorization": f"Bearer {self.keys[who]}",
            "Idempotency-Key": f"case-{len(self.calls)}",
        }
        return await self.platform.client.post(f"{PATH}{path}", json=body, headers=headers)

    async def only(self) -> dict[str, Any]:
        (case,) = (await self.get("desk")).json()["items"]
        found: dict[str, Any] = (await self.get("desk", f"/{case['id']}")).json()
        return found


@pytest.fixture
async def office(city: Platform, keys: dict[str, str], set_clock: SetClock) -> Office:
    await set_clock("2026-11-18T10:00:00+08:00")
    return Office(city, keys)


async def test_a_case_is_the_desks_until_it_is_handed_on_closed_and_comes_back(
    office: Office, city: Platform, set_clock: SetClock
) -> None:
    await reconcile(city, DAY, MISSING)
    case = await office.only()
    assert (case["kind"], case["kind_label"], case["state"]) == ("missing_here", "我方缺", "open")
    assert case["owner"] == {"unit": "hotline-desk", "person": None}
    path = f"/{case['id']}"

    handed = await office.post("leader", f"{path}/assign", unit="greening-section", person="王芳")
    assert handed.json()["owner"] == {"unit": "greening-section", "person": "王芳"}
    closed = await office.post("desk", f"{path}/close", reason="平台的测试件，问过 13800001234")
    assert (closed.status_code, closed.json()["state"]) == (200, "accepted")
    assert (await office.post("desk", f"{path}/close", reason="再来")).status_code == 409
    assert (await office.post("desk", f"{path}/request")).status_code == 409

    await set_clock("2026-11-19T10:00:00+08:00")
    await reconcile(city, DAY, MISSING)
    case = await office.only()
    assert (case["state"], case["last_seen_on"]) == ("accepted", "2026-11-19")
    await reconcile(city, DAY, [])
    assert (await office.only())["state"] == "resolved"
    await reconcile(city, DAY, MISSING)
    case = await office.only()
    assert (case["state"], case["first_seen_on"]) == ("open", "2026-11-18")
    told = [(one["type"], one["by"]["role"]) for one in case["history"]]
    assert told == [
        ("opened", "source"),
        ("assigned", "leader"),
        ("accepted", "desk"),
        ("resolved", "source"),
        ("reopened", "source"),
    ]
    assert case["history"][2]["data"] == {"reason": "平台的测试件，问过 138****1234"}


async def test_what_was_accepted_opens_again_when_it_says_something_else(
    office: Office, city: Platform
) -> None:
    await city.create("SH-9", urgency="soon")
    await reconcile(city, DAY, MISSING)
    case = await office.only()
    await office.post("desk", f"/{case['id']}/close", reason="已知")
    await reconcile(city, DAY, [Line("SH-9", RECEIVED, "triaged")])
    assert (await office.only())["state"] == "accepted"

    redriven = await city.client.post(
        f"/v1/quarantine/{case['ours']['receipt']}/redrive",
        json={"data": {"urgency": "normal"}},
        headers={"Authorization": f"Bearer {office.keys['admin']}"},
    )
    assert redriven.status_code == 202
    await reconcile(city, DAY, MISSING)
    case = await office.only()
    assert (case["state"], case["ours"]["status"]) == ("open", "pending")


async def test_only_desk_leader_and_admin_see_cases(office: Office, city: Platform) -> None:
    await reconcile(city, DAY, MISSING)
    path = f"/{(await office.only())['id']}"
    for who in ("desk", "leader", "admin"):
        assert (await office.get(who)).status_code == 200
    for who in ("bi", "greening-section"):
        assert (await office.get(who)).status_code == 403
        assert (await office.get(who, path)).status_code == 403
        assert (await office.post(who, f"{path}/close", reason="不行")).status_code == 403
    assert (await city.client.get(PATH)).status_code == 401
    for unknown in ("/8f0b3a52-6d1c-5b7e-9a40-2c7f1d9e5b16", "/nonsense"):
        assert (await office.get("desk", unknown)).status_code == 404
    assert (await office.post("desk", f"{path}/assign")).status_code == 422
    assert (await office.post("desk", f"{path}/assign", unit="nobody")).status_code == 422
    assert (await office.post("desk", f"{path}/close")).status_code == 422


async def test_the_list_is_filtered_and_turned_page_by_page(office: Office, city: Platform) -> None:
    await reconcile(city, DAY, [Line(f"SH-{n}", RECEIVED) for n in range(5)])
    await reconcile(city, "2026-11-17", [Line("SH-7", RECEIVED)])
    numbers = []
    query: str | None = "?limit=2"
    while query is not None:
        page = (await office.get("desk", query)).json()
        numbers += [one["upstream_no"] for one in page["items"]]
        query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert sorted(numbers) == ["SH-0", "SH-1", "SH-2", "SH-3", "SH-4", "SH-7"]

    sizes = {
        "?day=2026-11-17": 1,
        "?kind=missing_here&state=open": 6,
        "?kind=held": 0,
        "?source=city-12345&unit=hotline-desk": 6,
        "?person=nobody": 0,
    }
    for query, size in sizes.items():
        assert len((await office.get("desk", query)).json()["items"]) == size, query
    for query in ("?kind=lost", "?state=closed", "?day=today", "?colour=red", "?cursor=x"):
        assert (await office.get("desk", query)).status_code == 422, query
