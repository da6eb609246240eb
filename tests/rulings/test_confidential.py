"""Rulings 18 and 19: who the caller is, and the unit complained of."""

from typing import Any

import pytest

from tests.factories import BODIES, Desk
from tests.platform import CREATED
from tests.rulings.conftest import City

LEAD = "sanitation-section"


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ({"name": "张建国", "gender": "male", "phone": "13812345678"}, "张先生"),
        ({"name": "欧阳娜", "gender": "female", "phone": "13812345678"}, "欧阳女士"),
        ({"name": "李四", "phone": "13812345678"}, "李**"),
    ],
)
async def test_ruling_18_the_caller_is_masked_for_every_role(
    desk: Desk, city: City, caller: dict[str, str], shown: str
) -> None:
    no = await city.bring("SH-1", caller=caller, content=f"{caller['name']}来电13812345678反映噪声")
    await desk.walk(no, until="dispatch")

    for who in ("desk", "leader", "admin", LEAD):
        ticket = (await desk.get(who, f"/v1/tickets/{no}")).json()
        assert ticket["caller"] == {"name": shown, "phone": "138****5678"}
        for path in ("", "/events?limit=500"):
            told = (await desk.get(who, f"/v1/tickets/{no}{path}")).text
            assert "13812345678" not in told
            assert caller["name"] not in told


async def test_ruling_18_of_a_confidential_caller_a_unit_sees_nothing(
    desk: Desk, city: City
) -> None:
    no = await city.bring("SH-1", is_confidential=True)
    await desk.walk(no, until="accept")

    assert "caller" not in (await desk.get(LEAD, f"/v1/tickets/{no}")).json()
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["caller"]["name"] == "张先生"


@pytest.mark.parametrize("who", [LEAD, "chengfa-sanitation"])
@pytest.mark.parametrize("action", ["contact", "reply"])
async def test_ruling_18_a_unit_neither_calls_nor_answers_a_confidential_caller(
    desk: Desk, city: City, who: str, action: str
) -> None:
    no = await city.bring("SH-1", is_confidential=True)
    await desk.walk(no, until="accept")
    refused = await desk.act(who, no, action, **BODIES[action])
    of_desk = await desk.act("desk", no, "contact", **BODIES["contact"])

    assert (refused.status_code, of_desk.status_code) == (403, 200)


async def test_ruling_18_the_callers_own_name_is_masked_in_notes_too(
    desk: Desk, city: City
) -> None:
    no = await city.bring("SH-1")
    said = {**BODIES["contact"], "content": "已致电张建国13812345678"}
    shown = (await desk.act("desk", no, "contact", **said)).json()["contacts"][0]["content"]

    assert "张建国" not in shown
    assert "13812345678" not in shown


async def test_ruling_18_nor_is_the_caller_named_where_a_unit_names_its_own_people(
    desk: Desk, city: City
) -> None:
    """Those names go into facts, files and views."""
    no = await city.bring("SH-1")
    await desk.walk(no, until="dispatch")
    accepted = await desk.act(
        LEAD, no, "accept", executor="李工（回电13812345678）", section="张建国专班"
    )
    lead = accepted.json()["lead"]

    assert lead["executor"].startswith("李工（回电")
    assert "13812345678" not in accepted.text
    assert "张建国" not in accepted.text


async def test_ruling_18_the_home_is_never_shown_and_the_place_complained_of_is(
    desk: Desk, city: City
) -> None:
    home = {**CREATED["caller"], "address": "静安区示例里弄7号302室"}
    no = await city.bring("SH-1", caller=home)

    for path in ("", "/events?limit=500"):
        assert "302室" not in (await desk.get("desk", f"/v1/tickets/{no}{path}")).text
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["address"] == CREATED["address"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lead": LEAD}, "/lead"),
        ({"lead": "sanitation-centre", "assists": [LEAD]}, "/assists/0"),
    ],
)
async def test_ruling_19_the_unit_complained_of_is_neither_lead_nor_assist(
    desk: Desk, city: City, body: dict[str, Any], pointer: str
) -> None:
    no = await city.bring("SH-1", object_unit=LEAD)
    await desk.walk(no, until="triage")
    refused = await desk.act("desk", no, "dispatch", **body)

    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]


async def test_ruling_19_it_never_sees_the_ticket_and_nobody_tells_it(
    desk: Desk, city: City
) -> None:
    no = await city.bring("SH-1")
    await desk.walk(no, until="accept")
    await city.say("ticket.updated", "SH-1", object_unit=LEAD, revision=2)

    for path in ("", "/events", "/clocks"):
        assert (await desk.get(LEAD, f"/v1/tickets/{no}{path}")).status_code == 404
    assert (await desk.act(LEAD, no, "dispose", **BODIES["dispose"])).status_code == 404
    assert (await desk.get(LEAD, "/v1/events")).json()["items"] == []
    other = (await desk.get("chengfa-sanitation", f"/v1/tickets/{no}")).json()
    assert "object_unit" not in other
