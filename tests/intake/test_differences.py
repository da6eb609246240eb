"""Words that do not stand are kept: the other platform's, and those that come late."""

from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from shared.tickets import Hotline
from tests.conftest import BUREAU
from tests.factories import Desk, SetClock
from tests.intake.conftest import Drain
from tests.platform import CREATED, Platform

LATER = "2026-11-18T09:20:00+08:00"
LATEST = "2026-11-18T09:25:00+08:00"
CITYS = CREATED["content"]
DISTRICTS = "李小红来电13900001111反映：垃圾已堆到路口，臭气很大。"


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")


async def events_of(desk: Desk, city: Platform, pushed: Response) -> list[dict[str, Any]]:
    no = (await city.receipt(pushed))["ticket_no"]
    items: list[dict[str, Any]] = (await desk.get("desk", f"/v1/tickets/{no}/events")).json()[
        "items"
    ]
    return [one["data"] | {"type": one["type"]} for one in items]


async def logged(hotline: Hotline) -> str:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = await tx.rows(text("SELECT row_to_json(e)::text AS line FROM ticket_events AS e"))
    return "\n".join(row.line for row in rows)


async def test_the_second_platforms_words_are_kept_beside_those_that_stand(
    city: Platform, district: Platform, desk: Desk, drain: Drain, hotline: Hotline
) -> None:
    pushed = await city.create("SH-1", other_nos=["JA-9"])
    caller = {"name": "李小红", "gender": "female", "phone": "13900001111"}
    await district.create("JA-9", content=DISTRICTS, caller=caller, urgency="urgent", lng=121.45)
    await drain()

    first, second = await events_of(desk, city, pushed)
    assert {"urgency", "content", "lng"} == set(second["differs"])
    assert (
        first["texts"]["content"] == "张先生来电138****5678反映：压缩站旁垃圾满溢，夜间噪声扰民。"
    )
    assert second["texts"]["content"] == "李女士来电139****1111反映：垃圾已堆到路口，臭气很大。"
    assert (second["texts"]["urgency"], second["texts"]["lng"]) == ("urgent", "121.45")
    assert "臭气" not in await logged(hotline)


async def test_an_update_that_comes_late_is_kept_and_changes_nothing(
    city: Platform, desk: Desk, drain: Drain, hotline: Hotline
) -> None:
    pushed = await city.create("SH-1")
    await city.push(
        "ticket.updated", at=LATEST, upstream_no="SH-1", urgency="urgent", title="新标题"
    )
    await drain()
    late = await city.push(
        "ticket.updated", at=LATER, upstream_no="SH-1", urgency="sub_urgent", title="旧的标题"
    )
    await drain()

    no = (await city.receipt(late))["ticket_no"]
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    kept = (await events_of(desk, city, pushed))[-1]
    assert (await city.receipt(late))["status"] == "applied"
    assert (ticket["urgency"], ticket["title"]) == ("urgent", "新标题")
    assert ticket["version"] == 2
    assert kept["texts"] == {"urgency": "sub_urgent", "title": "旧的标题"}
    assert set(kept["differs"]) == {"urgency", "title"}
    assert not kept.get("carried")
    assert not kept.get("link")
    assert "旧的标题" not in await logged(hotline)


async def test_of_an_update_half_late_the_new_half_stands(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await city.push("ticket.updated", upstream_no="SH-1", revision=3, title="第三版")
    await drain()
    half = await city.push(
        "ticket.updated", upstream_no="SH-1", revision=2, title="第二版", urgency="urgent"
    )
    await drain()

    no = (await city.receipt(half))["ticket_no"]
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    kept = (await events_of(desk, city, pushed))[-1]
    assert (ticket["urgency"], ticket["title"]) == ("urgent", "第三版")
    assert (kept["differs"], kept["texts"]) == (["title"], {"title": "第二版"})


async def test_what_a_late_word_says_again_is_no_difference(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await city.push("ticket.updated", at=LATEST, upstream_no="SH-1", urgency="urgent")
    await city.push("ticket.updated", at=LATER, upstream_no="SH-1", urgency="urgent")
    await drain()

    kept = (await events_of(desk, city, pushed))[-1]
    assert not kept.get("differs")
    assert kept["texts"] == {}


async def test_recreated_with_older_differing_words_they_are_kept(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await city.push("ticket.updated", at=LATEST, upstream_no="SH-1", title="新标题")
    await drain()
    again = await city.push(
        "ticket.created", at=LATER, upstream_no="SH-1", **{**CREATED, "title": "又一标题"}
    )
    await drain()

    kept = (await events_of(desk, city, pushed))[-1]
    assert (await city.receipt(again))["status"] == "applied"
    assert (kept["differs"], kept["texts"]) == (["title"], {"title": "又一标题"})


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "one by one"])
async def test_the_second_platforms_same_word_again_has_no_effect(
    city: Platform, district: Platform, desk: Desk, drain: Drain, *, together: bool
) -> None:
    pushed = await city.create("SH-1", other_nos=["JA-9"])
    told = {**CREATED, "content": DISTRICTS, "urgency": "urgent", "upstream_no": "JA-9"}
    await district.push("ticket.created", at=LATER, **told)
    if not together:
        await drain()
    again = await district.push("ticket.created", at=LATEST, **told)
    await drain()

    no = (await city.receipt(pushed))["ticket_no"]
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert (await district.receipt(again))["status"] == "ignored"
    assert ticket["urgency"] == "normal"


async def test_the_first_content_again_in_the_same_batch_undoes_no_update(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    await city.create("SH-1")
    await city.push("ticket.updated", at=LATER, upstream_no="SH-1", urgency="urgent")
    again = await city.push("ticket.created", at=LATEST, upstream_no="SH-1", **CREATED)
    await drain()

    no = (await city.receipt(again))["ticket_no"]
    assert (await city.receipt(again))["status"] == "ignored"
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["urgency"] == "urgent"


async def test_later_words_hide_the_caller_known_before_as_well(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await drain()
    await city.push(
        "ticket.updated",
        at=LATER,
        upstream_no="SH-1",
        caller={"name": "李小红", "phone": "13900001111"},
        content="张建国13812345678改由李小红13900001111联系",
    )
    await drain()

    said = (await events_of(desk, city, pushed))[-1]["texts"]["content"]
    assert said == "张先生138****5678改由李**139****1111联系"


async def test_unknown_fields_stay_json_when_the_caller_is_taken_out_of_them(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create(
        "SH-1", tel=13812345678, grid={"张建国": "张\n建国", "n": 3.5}, huge=2**63 - 1
    )
    await drain()

    no = (await city.receipt(pushed))["ticket_no"]
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert ticket["upstream"][0]["raw"] == {
        "tel": "138****5678",
        "grid": {"张先生": "张先生", "n": 3.5},
        "huge": 2**63 - 1,
    }


async def test_the_desk_reads_old_and_new_side_by_side_and_a_unit_what_stands(
    city: Platform, district: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1", other_nos=["JA-9"])
    await district.create("JA-9", content=DISTRICTS, object_unit="greening-centre")
    title, late = {"title": "新标题"}, {"title": "旧的标题", "urgency": "sub_urgent"}
    await city.push("ticket.updated", upstream_no="SH-1", at=LATEST, urgency="urgent", **title)
    await city.push("ticket.updated", upstream_no="SH-1", at=LATER, **late)
    await drain()

    first, joined, changed, kept = await events_of(desk, city, pushed)
    by_field = {one["field"]: one for one in joined["differences"]}
    assert by_field["content"]["from"] == first["texts"]["content"]
    assert "臭气" in by_field["content"]["to"]
    assert not by_field["content"]["stands"]
    assert "late" not in joined
    assert {(one["field"], one["from"], one["to"]) for one in changed["differences"]} == {
        ("urgency", "normal", "urgent"),
        ("title", CREATED["title"], "新标题"),
    }
    assert [one["to"] for one in kept["differences"]] == ["sub_urgent", "旧的标题"]
    assert kept["late"]

    no = (await city.receipt(pushed))["ticket_no"]
    await desk.walk(no, until="dispatch")
    seen = (await desk.get("sanitation-section", f"/v1/tickets/{no}/events")).text
    assert "新标题" in seen
    assert not [said for said in ("臭气", "旧的标题", "greening-centre") if said in seen]


async def test_what_we_do_not_know_is_shown_as_last_told(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1", weather="rain", wind=3)
    await city.push("ticket.updated", at=LATER, upstream_no="SH-1", weather="snow", rain=None)
    await drain()

    no = (await city.receipt(pushed))["ticket_no"]
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    unit = await desk.get("sanitation-section", f"/v1/tickets/{no}")
    assert ticket["upstream"][0]["raw"] == {"weather": "snow", "wind": 3, "rain": None}
    assert ticket["version"] == 2
    assert unit.status_code == 404
