"""What people do with a ticket, action after action."""

from typing import Any

from tests.crash.stage import Stage
from tests.factories import BODIES, PATH
from tests.matters.test_repeats import AT_100, CATEGORY

SAME_PLACE = {**CATEGORY, **AT_100}
UNIT = "sanitation-section"


async def walk(stage: Stage, no: str, *, until: str) -> dict[str, Any]:
    ticket: dict[str, Any] = {}
    for action, who in PATH:
        body = dict(BODIES[action])
        if action == "feedback":
            body["contact_id"] = ticket["contacts"][-1]["id"]
        ticket = await stage.act(no, action, who, **body)
        if action == until:
            break
    return ticket


async def go_the_main_path(stage: Stage) -> None:
    with stage.aside():
        no = await stage.create("SH-1")
    await walk(stage, no, until="follow-up")
    await stage.work()


async def ask_and_decide(stage: Stage) -> None:
    """A return granted, an extension sent on, an exclusion, urging and supervising."""
    with stage.aside():
        no = await stage.create("SH-1")
        await walk(stage, no, until="dispatch")
    await stage.act(no, "return", UNIT, reason_code="not_ours", reason="该路段由市属单位养护")
    await stage.act(no, "decide-return", "desk", granted=True, comment="情况属实，另派")
    await stage.act(no, "dispatch", "desk", lead=UNIT, assists=[])
    await stage.act(no, "accept", UNIT, executor="李工")
    await stage.act(no, "contact", UNIT, **BODIES["contact"])
    await stage.act(no, "dispose", UNIT, **BODIES["dispose"])
    asked = {"reason_code": "materials", "reason": "灯具须定制", "days": 5}
    await stage.act(no, "request-extension", UNIT, **asked)
    await stage.act(no, "decide-extension", "leader", granted=True, comment="同意，报上级平台")
    await stage.act(no, "exclude", "desk", reason_code="outside_remit", reason="由房管部门负责")
    await stage.act(no, "decide-exclusion", "leader", granted=True, comment="同意剔除")
    await stage.act(no, "urge", "desk", text="市民再次来电")
    await stage.act(no, "supervise", "leader", text="列入督办", level=1)
    await stage.work()


async def argue(stage: Stage) -> None:
    """A visit, a feedback sent back, and an appeal against being late."""
    with stage.aside():
        no = await stage.create("SH-1")
        ticket = await walk(stage, no, until="dispose")
        await stage.move_clock("2026-11-26T10:00:00+08:00")
        await stage.work()
    visit = {"findings": "清晨五点半作业", "participants": ["李工"]}
    await stage.act(no, "site-visit", UNIT, **visit)
    told = {**BODIES["feedback"], "contact_id": ticket["contacts"][-1]["id"]}
    await stage.act(no, "feedback", UNIT, **told)
    await stage.act(no, "reject-feedback", "desk", comment="请补充整改后照片")
    late = {"verdict": "clock:complete", "reason": "道路封闭，清运车辆无法进入"}
    await stage.act(no, "appeal", UNIT, **late)
    await stage.act(no, "decide-appeal", "leader", granted=True, comment="情况属实")
    await stage.work()


async def hand_back(stage: Stage) -> None:
    """Asked of the platform, which takes it back."""
    with stage.aside():
        no = await stage.create("SH-1")
    asked = {"reason_code": "not_ours", "reason": "不属绿化市容职责", "suggested_owner": "城管"}
    await stage.act(no, "request-upstream-return", "desk", **asked)
    await stage.push("ticket.return_decided", upstream_no="SH-1", granted=True, reason="同意")
    await stage.work()


async def merge_and_void(stage: Stage) -> None:
    with stage.aside():
        first, second, third = [await stage.create(f"SH-{n}") for n in (1, 2, 3)]
        for no in (first, second):
            await walk(stage, no, until="triage")
    await stage.act(first, "merge", "desk", into=second)
    await stage.act(third, "void", "desk", reason="重复录入")
    await stage.act(third, "confirm-void", "leader", granted=True, comment="同意作废")
    await stage.work()


async def keep_a_matter(stage: Stage) -> None:
    """Attached, noted, detached, closed."""
    with stage.aside():
        root = await stage.create("SH-1", **SAME_PLACE)
        await stage.create("SH-2", **SAME_PLACE)
        other = await stage.create("SH-3", caller=None, is_anonymous=True)
    matter: str = await stage.superuser.fetchval(
        "SELECT t.matter FROM tickets AS t WHERE no = $1", root
    )
    for name, body in (
        ("attach", {"ticket": other, "reason": "反映同一压缩站"}),
        ("note", {"text": "夜间复查，末班作业已提前", "measure": True}),
        ("detach", {"ticket": other, "reason": "所反映的是另一处站点"}),
        ("close", {"reason": "措施均已落实"}),
    ):
        stage.step = name
        await stage.post("dispatch", f"/v1/matters/{matter}/{name}", "desk", **body)
    await stage.work()


async def declare_an_emergency(stage: Stage) -> None:
    """In force, a ticket under it, and ended before its time."""
    stage.step = "declare"
    plan = {
        "active": True,
        "scope": {"trades": [], "streets": [], "keywords": []},
        "overrides": {"duty": "06:00-24:00", "limits": {"first_contact.urgent": "30min"}},
        "until": "2026-11-20T06:00:00+08:00",
        "reason": "台风橙色预警",
    }
    await stage.post("dispatch", "/v1/emergency", "leader", method="PUT", **plan)
    with stage.aside():
        await stage.create("SH-1", urgency="urgent")
    stage.step = "end"
    await stage.post(
        "dispatch", "/v1/emergency", "leader", method="PUT", active=False, reason="预警解除"
    )
    await stage.work()
