"""Tickets on a road cost its contractor, over HTTP and the real log. Data fictitious."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from services.scoring.actions.facts import fold_again
from services.scoring.actions.recompute import rebuild
from shared.domain import events as e
from shared.domain.words import AppealVerdict, ExclusionReason, FactFinding, Role
from shared.identity import issue_key
from shared.tickets import Hotline
from tests.conftest import Stack
from tests.scoring.conftest import BUREAU, OnRoad, Then
from tests.scoring.freezing import freeze
from tests.scoring.histories import History, completed, handled
from tests.scoring.sanitation import CONTRACTOR, OTHER, Office, media_item, run_in

LINKED = e.RepeatLinked(root="T20261101-000001", layer=1, reason="upstream")
OUT = e.TicketVoided()
REPEAT_WON = e.AppealDecided(AppealVerdict.REPEAT, round=1, granted=True)
CLOCK_WON = e.AppealDecided(AppealVerdict.COMPLETE, round=1, granted=True)
pytestmark = pytest.mark.usefixtures("year_end")


def late(**values: Any) -> History:
    return handled(**values).complete("11-27 09:00")


def story(rows: list[Any]) -> list[tuple[str, str, str]]:
    return [(row["rule"], row["points"], row["cause"]) for row in rows]


async def test_a_ticket_on_the_road_costs_its_contractor_and_the_rows_say_why(
    office: Office, on_road: OnRoad
) -> None:
    await office.inspect(score="94.50")
    await on_road(late().add("11-28 09:00", LINKED))
    rows = await office.deductions()
    line = await office.row()

    assert story(rows) == [
        ("fact", "-0.2", "true"),
        ("overdue", "-0.3", "overdue"),
        ("repeat", "-0.5", "repeat"),
    ]
    assert [row["contractor"] for row in rows] == [CONTRACTOR] * 3
    assert [row["ticket"] for row in rows] == ["T20261118-000731"] * 3
    assert rows[0]["reason"] == "江宁路：属实工单（事实认定为属实）"
    assert [row["entry"] for row in rows] == [9, 9, 10]
    assert {row["appeal"] for row in rows} == {"none"}
    assert line["parts"]["inspection"] == {
        "name": "道路保洁指标",
        "weight": "50",
        "value": "94.50",
        "points": "47.25",
    }
    assert line["parts"]["media"]["points"] == "8.00"
    assert line["parts"]["satisfaction_score"]["points"] is None
    assert line["deductions"]["total"] == line["deductions"]["applied"] == "-1"
    assert line["deductions"]["capped"] is False
    # (47.25 + 8) of 58, less 1
    assert (line["composite"], line["score"]) == ("95.26", "94.26")
    assert (line["coefficient"], line["interview"]) == ("0.99", False)


async def test_a_register_that_comes_later_charges_the_tickets_that_are_there(
    office: Office, on_road: OnRoad
) -> None:
    await on_road(completed())
    assert await office.deductions() == []
    kept = await office.inspect(from_no=6001, to_no=6099)

    assert story(await office.deductions()) == [("fact", "-0.2", "true")]
    answer = await office.post(f"inspections/{kept['id']}/withdraw", {"reason": "路段有误"})

    assert answer.status_code == 200
    assert story(await office.deductions())[1:] == [("fact", "0.2", "elsewhere")]
    assert await office.row() is not None
    assert (await office.row())["deductions"]["total"] == "0"


async def test_what_is_not_on_the_segment_not_done_or_not_true_costs_nothing(
    office: Office, on_road: OnRoad
) -> None:
    untrue = (
        History(no="T20261118-000004")
        .triage("11-18 09:40")
        .contact("11-18 10:05")
        .dispatch("11-18 10:10")
        .accept("11-18 11:00")
        .dispose("11-20 15:30")
        .feedback("11-24 10:00", fact=FactFinding.UNTRUE)
        .reply("11-24 16:20")
        .complete("11-27 17:00")
    )
    await office.inspect(from_no=6001, to_no=6099)
    await on_road(handled(no="T20261118-000001"))
    await on_road(completed(no="T20261118-000002"), "静安区江宁路6500号")
    await on_road(completed(no="T20261118-000003"), "静安区江宁路街道昌平路6001号")
    await on_road(untrue)

    assert await office.deductions() == []


ASKED = e.AppealRequested(AppealVerdict.COMPLETE, round=1, unit="sanitation-section")
EXCLUDING = e.ExclusionRequested(ExclusionReason.UNTRUE)


REPEAT_ASKED = e.AppealRequested(AppealVerdict.REPEAT, round=1, unit="sanitation-section")
EXCLUDED = e.ExclusionDecided(granted=True, reason_code=ExclusionReason.UNTRUE)
UNLINKED = e.MatterLeft("M-000001", ends_repeat=True)
ALL = ["fact", "overdue", "repeat"]
# What happens to a ticket; which of its three rows that makes good; why.
FATES: tuple[tuple[tuple[e.Event, ...], list[str], set[str]], ...] = (
    ((e.VoidRequested(), OUT), ALL, {"voided"}),
    ((EXCLUDING, EXCLUDED), ALL, {"excluded"}),
    ((ASKED, CLOCK_WON), ["overdue"], {"appeal"}),
    ((REPEAT_ASKED, REPEAT_WON), ["repeat"], {"appeal"}),
    ((UNLINKED,), ["repeat"], {"unlinked"}),
    ((ASKED,), [], set()),
    ((EXCLUDING,), [], set()),
)


async def test_what_falls_away_is_made_good_and_never_deleted(
    office: Office, on_road: OnRoad, then: Then
) -> None:
    await office.inspect()
    numbers = [f"T20261118-{number:06d}" for number in range(len(FATES))]
    for no, (happened, _, _) in zip(numbers, FATES, strict=True):
        ticket_id = await on_road(late(no=no).add("11-28 09:00", LINKED))
        before = await office.deductions()
        await then(ticket_id, *happened)
        assert (await office.deductions())[: len(before)] == [
            row if row["ticket"] != no else {**row, **_appeal_of(await office.deductions(), row)}
            for row in before
        ]
    found: dict[str, list[Any]] = {no: [] for no in numbers}
    for row in await office.deductions():
        found[row["ticket"]].append(row)

    for no, (_, rules, causes) in zip(numbers, FATES, strict=True):
        charged, back = found[no][:3], found[no][3:]
        assert [row["rule"] for row in charged] == ALL
        assert [row["rule"] for row in back] == rules
        assert {row["cause"] for row in back} == causes
        assert [row["reverses"] for row in back] == [
            row["id"] for row in charged if row["rule"] in rules
        ]
    # Two gone, one less 0.3, two less 0.5, two as they were
    assert (await office.row())["deductions"]["total"] == "-3.7"


def _appeal_of(rows: list[Any], row: Any) -> dict[str, str]:
    """All of a row that may ever change is how the argument about it stands."""
    now = next(one for one in rows if one["id"] == row["id"])
    return {name: now[name] for name in ("appeal", "appeal_text")}


async def test_an_erased_address_changes_nothing_any_more(
    office: Office, on_road: OnRoad, then: Then, hotline: Hotline
) -> None:
    erase = text(
        "UPDATE ticket_texts SET body = NULL, salt = NULL, erased_at = :now"
        " WHERE bureau_id = :bureau AND field = 'address'"
    )
    await office.inspect()
    ticket_id = await on_road(completed())
    async with hotline.ledger(BUREAU) as ledger:
        await ledger.tx.run(erase, bureau=BUREAU, now=ledger.now)
    await then(ticket_id, e.TicketUrged())
    await office.inspect(score="80")

    assert story(await office.deductions()) == [("fact", "-0.2", "true")]


async def test_the_state_of_an_appeal_is_told_on_its_row(
    office: Office, on_road: OnRoad, then: Then
) -> None:
    async def states() -> list[str]:
        return [row["appeal"] for row in (await office.deductions())[:2]]

    refused = e.AppealDecided(AppealVerdict.COMPLETE, round=1, granted=False)
    await office.inspect()
    ticket_id = await on_road(late())
    told = [await states()]
    for event in (ASKED, refused, ASKED, CLOCK_WON, EXCLUDING):
        await then(ticket_id, event)
        told.append(await states())

    assert told == [
        ["none", "none"],
        ["none", "pending"],
        ["none", "refused"],
        ["none", "pending"],
        ["none", "granted"],
        ["pending", "granted"],
    ]


async def test_a_new_address_takes_the_charge_elsewhere(
    office: Office, on_road: OnRoad, then: Then
) -> None:
    await office.inspect()
    await office.inspect(road="昌平路", score="80")
    ticket_id = await on_road(completed())
    moved = e.TicketUpdated(
        source="city-12345",
        upstream_no="SH-1",
        changes={},
        rank=e.FieldRank(at=completed().entries[0].occurred_at),
        text_fields=("address",),
    )
    await then(ticket_id, moved, texts={"address": "昌平路6002号"})

    assert [(row["road"], row["points"]) for row in await office.deductions()] == [
        ("江宁路", "-0.2"),
    ]
    await then(ticket_id, moved, texts={"address": "示例公园"})
    assert story(await office.deductions())[1:] == [("fact", "0.2", "elsewhere")]


async def test_media_items_cost_two_points_and_a_part_and_are_made_good_when_withdrawn(
    office: Office,
) -> None:
    await office.inspect(score="90")
    kept = (await office.post("media-items", media_item())).json()
    before = await office.row()
    answer = await office.post(f"media-items/{kept['id']}/withdraw", {"reason": "报道有误"})
    again = await office.post(f"media-items/{kept['id']}/withdraw", {"reason": "报道有误"})
    after = await office.row()

    assert (before["deductions"]["total"], before["parts"]["media"]["points"]) == ("-2", "6.00")
    assert answer.json()["withdrawn"] == {"reason": "报道有误"}
    assert again.status_code == 409
    assert (after["deductions"]["total"], after["parts"]["media"]["points"]) == ("0", "8.00")
    assert story(await office.deductions()) == [
        ("media", "-2", "published"),
        ("media", "2", "withdrawn"),
    ]


async def test_the_cap_holds_the_sum_and_the_rows_stay_whole(office: Office) -> None:
    await office.inspect(score="100")
    for number in range(9):
        await office.post("media-items", media_item(title=f"示例报道{number}"))
    line = await office.row()

    assert line["deductions"]["total"] == "-18"
    assert (line["deductions"]["applied"], line["deductions"]["capped"]) == ("-15", True)
    assert len(await office.deductions()) == 9
    # (50 + 0) of 58, less 15
    assert (line["score"], line["coefficient"], line["interview"]) == ("71.21", "0.90", True)


async def test_rebuilt_from_nothing_the_rows_are_the_same(
    office: Office, on_road: OnRoad, then: Then, hotline: Hotline, stack: Stack
) -> None:
    first = await on_road(late(no="T20261118-000001").add("11-28 09:00", LINKED))
    await office.inspect()
    second = await on_road(completed(no="T20261118-000002"))
    await then(first, ASKED, CLOCK_WON)
    await office.post("media-items", media_item())
    await then(second, e.VoidRequested(), OUT)
    before = await read_all(hotline)
    database = hotline.settings.database_url.rsplit("/", 1)[1]
    await run_in(stack, database, "TRUNCATE deductions")
    assert await read_all(hotline) == []
    await rebuild(hotline, BUREAU)

    assert len(before) == 7
    assert await read_all(hotline) == before


async def read_all(hotline: Hotline) -> list[Any]:
    """All but who wrote it: the transaction's id."""
    rows = text(
        "SELECT to_jsonb(d) - 'xid' FROM deductions AS d ORDER BY subject, round, rule, ordinal"
    )
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        return [tuple(row) for row in await ledger.tx.rows(rows)]


async def test_an_instant_of_the_past_is_told_as_it_was(
    office: Office, on_road: OnRoad, set_clock: Callable[[str], Awaitable[object]]
) -> None:
    await office.inspect(score="90")
    await on_road(completed())
    line = await office.row()
    await set_clock("2027-01-01T09:00:00+08:00")
    await office.inspect(score="70")
    await office.post("media-items", media_item())
    then = await office.row(known_at="2026-12-31T23:59:00+08:00")
    frozen = await office.row()
    await set_clock("2027-01-01T09:10:00+08:00")
    now = await office.row(known_at="2027-01-01T09:09:00+08:00")

    assert frozen == then == line
    assert (now["parts"]["inspection"]["value"], now["deductions"]["total"]) == ("70.00", "-2.2")
    known = await office.deductions(known_at="2026-12-31T23:59:00+08:00")
    assert story(known) == [("fact", "-0.2", "true")]


async def test_what_is_recorded_at_the_instant_of_a_freeze_but_later_is_not_in_it(
    office: Office, on_road: OnRoad
) -> None:
    await office.inspect(score="90")
    await on_road(completed())
    frozen = await freeze(office.client, office.keys, reason="复核")
    told = await office.row()
    await office.inspect(score="70")
    await office.post("media-items", media_item())

    assert frozen.status_code == 200
    assert told["parts"]["inspection"]["value"] == "90.00"
    assert (await office.row()) == told


async def test_a_unit_sees_its_own_rows_and_the_numbers_of_its_own_tickets(
    office: Office, on_road: OnRoad
) -> None:
    await office.inspect()
    await office.inspect(contractor=OTHER, road="昌平路")
    await on_road(completed())
    mine = await office.deductions(CONTRACTOR)
    lines = await office.read("sanitation", CONTRACTOR, period="2026-11")

    assert story(mine) == [("fact", "-0.2", "true")]
    assert mine[0]["ticket"] is None
    assert mine[0]["reason"].startswith("江宁路：")
    assert await office.deductions(OTHER) == []
    assert await office.deductions(OTHER, contractor=CONTRACTOR) == []
    assert [row["contractor"] for row in lines["rows"]] == [CONTRACTOR]
    for who in ("desk", "leader", "admin", "bi"):
        assert len((await office.read("sanitation", who, period="2026-11"))["rows"]) == 2
        assert [row["ticket"] for row in await office.deductions(who)] == ["T20261118-000731"]


async def test_an_analyst_of_a_unit_is_told_no_more_than_the_unit(
    office: Office, on_road: OnRoad, hotline: Hotline
) -> None:
    await office.inspect()
    await on_road(completed())
    async with hotline.database.transaction(1) as tx:
        key = await issue_key(
            tx.connection, BUREAU, role=Role.BI, actor="样例分析员", unit=CONTRACTOR
        )
    analyst = Office(office.client, {**office.keys, "analyst": key.plain})

    (row,) = await analyst.deductions("analyst")

    assert (row["contractor"], row["points"], row["ticket"]) == (CONTRACTOR, "-0.2", None)
    assert [row] == await office.deductions(CONTRACTOR)


async def test_deductions_are_read_page_by_page(office: Office) -> None:
    for number in range(5):
        await office.post("media-items", media_item(title=f"示例报道{number}"))
    whole = await office.deductions()
    found, cursor = [], None
    while True:
        query = {"period": "2026-11", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = await office.read("deductions", **query)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert found == whole
    assert len(found) == 5


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("sanitation", {}, "/period"),
        ("sanitation", {"period": "2026"}, "/period"),
        ("sanitation", {"period": "2026-13"}, "/period"),
        ("sanitation", {"period": "2026-11", "known_at": "2027-06-01T00:00:00+08:00"}, "/known_at"),
        ("deductions", {"period": "2026"}, "/period"),
        ("deductions", {"period": "2026-11", "unit": "x"}, "/unit"),
        ("deductions", {"period": "2026-11", "cursor": "AAAA"}, "/cursor"),
        ("inspections", {"period": "2026"}, "/period"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    office: Office, path: str, query: dict[str, str], pointer: str
) -> None:
    answer = await office.get(path, **query)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_register_waits_for_tickets_that_are_being_charged(
    office: Office, on_road: OnRoad, hotline: Hotline
) -> None:
    """Neither would see the other's: the ticket no segment, the register no ticket."""
    ticket_id = await on_road(completed(), folded=False)
    async with hotline.ledger(BUREAU) as ledger:
        await fold_again(ledger.tx, [ticket_id])
        telling = asyncio.create_task(office.inspect())
        while not telling.done() and not await is_anybody_waiting(hotline):
            continue
    await telling

    assert story(await office.deductions()) == [("fact", "-0.2", "true")]


async def is_anybody_waiting(hotline: Hotline) -> bool:
    waiting = text(
        "SELECT count(*) AS found FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    )
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(waiting)
    return row is not None and bool(row.found)
