"""What GET /v1/matters tells, to whom, and what the desk may write (contract §4)."""

from typing import Any

import pytest

from tests.factories import BODIES, SetClock
from tests.matters.conftest import Hall, caller
from tests.matters.test_repeats import AT_100, CATEGORY

VISIT: dict[str, Any] = {
    "findings": "清晨五点半作业，减振垫老化",
    "participants": ["李工", "王站长"],
    "commitments": [
        {"text": "更换减振垫", "owner": "王站长", "due_on": "2026-11-20"},
        {"text": "清理露天堆物", "owner": "chengfa-sanitation", "due_on": "2026-11-19"},
    ],
}
EXCESSIVE = {
    "appeal_finding": "excessive",
    "appeal_note": "站点合法设置，不具备搬迁条件",
    "case_valuation": "explained",
}
UNKNOWN = "M-999999"


@pytest.fixture
async def told(hall: Hall) -> tuple[str, str]:
    """A root with a site visit, found true but excessive, and its repeat by the same caller."""
    root = await hall.receive("SH-1", **CATEGORY, **AT_100)
    await hall.desk.walk(root, until="dispose")
    visited = await hall.desk.act("sanitation-section", root, "site-visit", **VISIT)
    assert visited.status_code == 200, visited.text
    body = {**BODIES["feedback"], **EXCESSIVE, "contact_id": visited.json()["contacts"][-1]["id"]}
    fed = await hall.desk.act("sanitation-section", root, "feedback", **body)
    assert fed.status_code == 200, fed.text
    return root, await hall.receive("SH-2", **CATEGORY, **AT_100)


async def dossier(hall: Hall, who: str = "desk") -> dict[str, Any]:
    answer = await hall.matter("M-000001", who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    found: dict[str, Any] = answer.json()
    return found


async def test_the_dossier_says_who_complained_and_what_was_found(
    hall: Hall, told: tuple[str, str]
) -> None:
    found = await dossier(hall)

    assert [one["no"] for one in found["tickets"]] == list(told)
    assert found["tickets"][0]["finding"] == "属实/诉求过高"
    assert found["tickets"][0]["caller"] == {"name": "张先生", "phone": "138****5678"}
    assert found["tickets"][1]["repeat"]["reason"] == "same_caller_repeat"
    assert found["callers"] == {"distinct": 1, "without_number": 0}
    assert found["findings"]["found"] == [{"finding": "属实/诉求过高", "tickets": 1}]
    assert found["complaints_per_week"] == {"from_week": "2026-W47", "counts": [2]}
    assert [one["kind"] for one in found["measures"]] == ["site_visit", "work"]
    assert found["measures"][0]["before"]["counts"][-1] == 2
    assert found["story"][0].startswith("2026年11月18日 市民张先生（138****5678）首次反映")
    assert "13812345678" not in str(found)
    assert "张建国" not in str(found)


async def test_promises_run_to_the_end_of_their_day_and_are_kept_or_broken(
    hall: Hall, set_clock: SetClock, told: tuple[str, str]
) -> None:
    root, _ = told
    assert [one["state"] for one in (await dossier(hall))["commitments"]] == ["open", "open"]
    await set_clock("2026-11-19T23:59:59+08:00")
    assert [one["state"] for one in (await dossier(hall))["commitments"]] == ["open", "open"]
    await set_clock("2026-11-20T09:00:00+08:00")
    due_first, due_second = (await dossier(hall))["commitments"]
    assert (due_first["state"], due_second["state"]) == ("broken", "open")
    missed = await hall.events(root, "clock_missed")
    assert [one["name"] for one in missed].count("commitment") == 1
    assert next(one for one in missed if one["name"] == "commitment")["due"] == (
        "2026-11-19T23:59:59+08:00"
    )

    kept = [due_first["id"], due_second["id"]]
    noted = await hall.write("desk", "M-000001", "note", text="现场复查", kept=kept, measure=True)
    assert noted.status_code == 200, noted.text
    late, timely = noted.json()["commitments"]
    assert (late["state"], timely["state"]) == ("broken", "kept")
    assert late["kept_at"] == timely["kept_at"] == "2026-11-20T09:00:00+08:00"
    again = await hall.write("desk", "M-000001", "note", text="再记", kept=kept[:1])
    assert again.status_code == 409
    story = "\n".join(noted.json()["story"])
    assert "承诺“更换减振垫”按期落实" in story
    assert "承诺“清理露天堆物”到期未见落实" in story


async def test_promises_are_no_clock_of_the_ticket_and_are_explained_apart(
    hall: Hall, told: tuple[str, str]
) -> None:
    root, _ = told
    ticket = await hall.ticket(root)
    clocks = (await hall.desk.get("desk", f"/v1/tickets/{root}/clocks")).json()["items"]

    assert "commitment" not in ticket["clocks"]
    promised = [one for one in clocks if one["name"] == "commitment"]
    assert [one["due"] for one in promised] == [
        "2026-11-20T23:59:59+08:00",
        "2026-11-19T23:59:59+08:00",
    ]
    assert "落实现场承诺" in promised[0]["text"]


async def test_a_visit_names_the_promises_it_finds_kept(hall: Hall, told: tuple[str, str]) -> None:
    root, _ = told
    first = (await hall.ticket(root))["site_visits"][0]["commitments"][0]["id"]
    visit: dict[str, Any] = {"findings": "减振垫已更换", "participants": ["李工"], "kept": [first]}
    wrong = await hall.desk.act("leader", root, "site-visit", **{**visit, "kept": ["P999-0"]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/kept/0")
    done = await hall.desk.act("leader", root, "site-visit", **visit)

    assert done.status_code == 200, done.text
    states = {one["text"]: one["state"] for one in (await dossier(hall))["commitments"]}
    assert states == {"更换减振垫": "kept", "清理露天堆物": "open"}


async def test_a_promise_for_a_day_gone_by_is_refused(hall: Hall) -> None:
    root = await hall.receive("SH-1", **CATEGORY, **AT_100)
    await hall.desk.walk(root, until="dispose")
    past = {"text": "清理", "owner": "王站长", "due_on": "2026-11-17"}
    refused = await hall.desk.act(
        "leader", root, "site-visit", findings="查看", participants=["李工"], commitments=[past]
    )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/commitments/0/due_on"


async def test_a_unit_sees_its_own_tickets_of_a_matter_and_others_not_at_all(
    hall: Hall, told: tuple[str, str]
) -> None:
    root, _ = told
    own = await dossier(hall, "sanitation-section")
    unknown = await hall.matter(UNKNOWN, "greening-section")
    foreign = await hall.matter("M-000001", "greening-section")
    listed = {
        who: [
            (one["id"], one["tickets"])
            for one in (await hall.desk.get(who, "/v1/matters")).json()["items"]
        ]
        for who in ("desk", "sanitation-section", "greening-section")
    }

    assert [one["no"] for one in own["tickets"]] == [root]
    assert own["complaints_per_week"]["counts"] == [1]
    assert "notes" not in own
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert without_trace(foreign.json()) == without_trace(unknown.json())
    assert listed == {
        "desk": [("M-000001", 2)],
        "sanitation-section": [("M-000001", 1)],
        "greening-section": [],
    }


def without_trace(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "instance"}


async def test_the_unit_complained_of_never_sees_the_ticket(hall: Hall) -> None:
    about = {**CATEGORY, **AT_100}
    root = await hall.receive("SH-1", **about)
    await hall.desk.walk(root, until="accept")
    await hall.receive("SH-2", **about)
    at = "2026-11-18T09:20:00+08:00"
    await hall.city.push(
        "ticket.updated", at=at, upstream_no="SH-1", object_unit="sanitation-section"
    )
    await hall.drain()

    assert (await hall.matter("M-000001", "sanitation-section")).status_code == 404
    assert (await hall.matter("M-000001", "chengfa-sanitation")).status_code == 200


@pytest.mark.parametrize("who", ["sanitation-section", "admin"])
@pytest.mark.parametrize("action", ["attach", "detach", "note", "close"])
async def test_only_the_desk_and_leaders_write(
    hall: Hall, told: tuple[str, str], who: str, action: str
) -> None:
    refused = await hall.write(who, "M-000001", action, text="x")

    assert refused.status_code == 403


async def test_tickets_are_attached_and_detached_in_both_logs(
    hall: Hall, told: tuple[str, str]
) -> None:
    root, second = told
    other = await hall.receive("SH-3", **CATEGORY, address="另一处", caller=caller(3))
    put = await hall.write("desk", "M-000001", "attach", ticket=other, reason="反映同一站点")
    twice = await hall.write("leader", "M-000001", "attach", ticket=other)
    unknown = await hall.write("desk", "M-000001", "attach", ticket="T20260101-000001")
    of_root = await hall.write("desk", "M-000001", "detach", ticket=root, reason="误判")
    out = await hall.write("desk", "M-000001", "detach", ticket=second, reason="另一处站点")

    assert put.status_code == 200, put.text
    assert [one["no"] for one in put.json()["tickets"]] == [root, second, other]
    assert (twice.status_code, unknown.status_code, of_root.status_code) == (409, 422, 409)
    assert [one["no"] for one in out.json()["tickets"]] == [root, other]
    left = await hall.ticket(second)
    assert (left["matter"], left["repeat_of"]) == (None, None)
    assert [one["matter"] for one in await hall.events(second, "matter_left")] == ["M-000001"]
    await hall.desk.walk(second, until="triage")  # the rules leave it where it was put
    assert (await hall.ticket(second))["matter"] is None


async def test_a_stale_writer_is_told_and_a_repeated_call_answers_the_same(
    hall: Hall, told: tuple[str, str]
) -> None:
    version = (await dossier(hall))["version"]
    headers = {"Idempotency-Key": "once", "If-Match": f'"{version}"'}
    first = await hall.write("desk", "M-000001", "note", text="夜间查看", headers=headers)
    replay = await hall.write("desk", "M-000001", "note", text="夜间查看", headers=headers)
    stale = await hall.write(
        "desk", "M-000001", "note", text="再看", headers={"If-Match": f'"{version}"'}
    )

    assert (first.status_code, replay.status_code, stale.status_code) == (200, 200, 412)
    assert replay.content == first.content
    assert [one["text"] for one in (await dossier(hall))["notes"]] == ["夜间查看"]
    assert stale.json()["title"] == "事项已有更新，请取最新版本后重试"


async def test_a_closed_matter_says_why_and_opens_again_when_it_is_not_over(
    hall: Hall, told: tuple[str, str]
) -> None:
    closed = await hall.write("leader", "M-000001", "close", reason="连续三个月无人反映")
    again = await hall.write("leader", "M-000001", "close", reason="再结一次")
    assert (closed.status_code, again.status_code) == (200, 409)
    assert closed.json()["closed"]["reason"] == "连续三个月无人反映"
    shut = await hall.desk.get("desk", "/v1/matters", params={"state": "closed"})
    assert [one["id"] for one in shut.json()["items"]] == ["M-000001"]
    await hall.receive("SH-9", **CATEGORY, **AT_100)

    reopened = await dossier(hall)
    assert (reopened["state"], reopened["closed"]) == ("open", None)
    assert any("重新打开" in line for line in reopened["story"])


async def test_a_note_names_no_caller(hall: Hall, told: tuple[str, str]) -> None:
    text = "张建国（13812345678）认可整改"
    noted = await hall.write("desk", "M-000001", "note", text=text)

    assert noted.json()["notes"][0]["text"] == "张先生（138****5678）认可整改"


async def test_merging_puts_both_on_one_matter(hall: Hall) -> None:
    numbers = [
        await hall.receive(f"SH-{n}", address=f"示例路{n}号", caller=caller(n)) for n in (1, 2)
    ]
    for no in numbers:
        await hall.desk.walk(no, until="triage")
    merged = await hall.desk.act("desk", numbers[1], "merge", into=numbers[0])

    assert merged.status_code == 200, merged.text
    assert merged.json()["matter"] == "M-000001"
    assert (await hall.ticket(numbers[0]))["matter"] == "M-000001"


async def test_the_list_is_filtered_and_paged(hall: Hall) -> None:
    for n in range(3):
        for serial in range(2):
            told = {**CATEGORY, "address": f"示例路{n}号", "caller": caller(n)}
            await hall.receive(f"SH-{n}-{serial}", **told)
    page = (await hall.desk.get("desk", "/v1/matters", params={"limit": "2"})).json()
    params = {"limit": "2", "cursor": page["next_cursor"]}
    rest = (await hall.desk.get("desk", "/v1/matters", params=params)).json()
    streets = [
        (await hall.desk.get("desk", "/v1/matters", params={"street": street})).json()["items"]
        for street in ("共和新路街道", "北站街道")
    ]
    wrong = await hall.desk.get("desk", "/v1/matters", params={"state": "gone"})

    found = [one["id"] for one in [*page["items"], *rest["items"]]]
    assert found == ["M-000001", "M-000002", "M-000003"]
    assert rest["next_cursor"] is None
    assert list(map(len, streets)) == [3, 0]
    assert wrong.status_code == 422
    assert (await hall.desk.get("bi", "/v1/matters")).status_code == 403
