"""Writes `docs/states.md` from the code's own tables: `make docs`."""

from collections.abc import Iterable, Iterator

from services.dispatch.routes import reveals
from services.dispatch.routes.actions import ACTIONS as ENDPOINTS
from shared.domain.lifecycle import ACTIONS, COUNTED, TRANSITIONS, Permission
from shared.domain.words import OPEN_STATES, TERMINAL_STATES, Role, TicketState
from shared.labels import STATES
from tests.house.courses import Passage, passages
from tests.house.project import ROOT

PAGE = ROOT / "docs" / "states.md"
HEAD = """# 工单的状态与操作

> 本页由 `make docs` 从代码生成（`shared/domain` 里的 `lifecycle.py`、`clockwork.py`），
> 有测试核对，请勿手改。状态码后面的中文即界面上的叫法。

## 状态图

任何状态都可以作废（受理员申请、局领导确认，或上级平台直接作废），图上不画。

"""
ROLES = {
    Role.DESK: "受理员",
    Role.LEADER: "局领导",
    Role.UNIT: "承办单位",
}
PARTS = {"lead": "主办", "assist": "协办", "led": "轮次的最后主办"}
CLOCKS = {
    "desk_accept": "收单",
    "first_contact": "先行联系",
    "unit_accept": "接单",
    "unit_complete": "单位反馈",
    "complete": "办结",
    "reply": "回复",
    "follow_up": "回访",
}
DEEDS = {
    "started": "起",
    "stopped": "停",
    "moved": "改期",
    "cancelled": "取消",
    "exempt": "免",
}
EVENTS = {
    "ticket.received": "接收",
    "ticket.contacted": "先行联系",
    "ticket.triaged": "收单分类",
    "ticket.dispatched": "派单",
    "ticket.accepted": "接单",
    "ticket.assist_accepted": "协办接单",
    "ticket.assist_done": "协办完成",
    "ticket.disposed": "处置（或现场查看）",
    "ticket.feedback_submitted": "反馈",
    "ticket.feedback_rejected": "退回反馈",
    "ticket.replied": "回复",
    "ticket.completed": "办结",
    "ticket.followed_up": "回访",
    "ticket.archived": "归档",
    "ticket.rework_opened": "重办",
    "ticket.return_requested": "申请退单",
    "ticket.return_decided": "决定退单",
    "ticket.return_upstream_requested": "向上级申请退单",
    "ticket.returned_upstream": "上级准予退单",
    "ticket.extension_requested": "申请延期",
    "ticket.extension_decided": "决定延期",
    "ticket.merged": "并单",
    "ticket.supervised": "督办",
    "ticket.void_requested": "申请作废",
    "ticket.voided": "作废",
    "ticket.appealed": "申诉",
    "ticket.appeal_decided": "决定申诉",
    "ticket.exclusion_requested": "申请剔除",
    "ticket.exclusion_decided": "决定剔除",
}


def page() -> str:
    ways = passages()
    parts = [HEAD, *diagram(ways), "\n## 各状态\n\n", *state_table(), "\n## 各操作\n\n"]
    parts += [*action_table(), "\n", RULES, "\n## 每一步与时限\n\n", *passage_table(ways)]
    return "".join(parts)


def diagram(ways: Iterable[Passage]) -> Iterator[str]:
    """Mermaid; an edge says what leads over it."""
    yield "```mermaid\nstateDiagram-v2\n    direction TB\n"
    for state in TicketState:
        yield f'    state "{STATES[state]}" as {state}\n'
    yield f"    [*] --> {TicketState.RECEIVED}: 接收\n"
    named: dict[tuple[TicketState, TicketState], list[str]] = {}
    for way in ways:
        if way.before is not None and way.before is not way.after:
            named.setdefault((way.before, way.after), []).append(EVENTS[way.event.type])
    for before, targets in TRANSITIONS.items():
        for after in in_order(targets - {TicketState.VOIDED}):
            words = "、".join(dict.fromkeys(named[before, after]))
            yield f"    {before} --> {after}: {words}\n"
    for state in in_order(TERMINAL_STATES):
        yield f"    {state} --> [*]\n"
    yield "```\n"


def state_table() -> Iterator[str]:
    yield "| 状态 | 代码 | 类别 | 之后可到 |\n|---|---|---|---|\n"
    for state in TicketState:
        kind = "在办" if state in OPEN_STATES else "终态" if state in TERMINAL_STATES else "已办结"
        after = "、".join(STATES[one] for one in in_order(TRANSITIONS[state])) or "无"
        yield f"| {STATES[state]} | `{state}` | {kind} | {after} |\n"


def action_table() -> Iterator[str]:
    summaries = {endpoint.name: summary for endpoint, summary in ENDPOINTS}
    summaries[reveals.ACTION] = reveals.SUMMARY
    yield "| 操作 | 说明 | 谁 | 在哪些状态 |\n|---|---|---|---|\n"
    for name, permission in ACTIONS.items():
        states = "、".join(STATES[one] for one in in_order(permission.states))
        if permission.states == OPEN_STATES:
            states = "全部在办状态"
        if permission.states == COUNTED:
            states = "除已退回上级、已并单、已作废以外"
        yield f"| `{name}` | {summaries[name]} | {who(permission)} | {states} |\n"


RULES = """- 协办的接单、处置只看协办自己的进度（待接 → 已接 → 完成），不看也不改工单的状态，
  直到工单归档、作废、并单或退回上级。
- 主办申请退单后，在受理员决定之前只能记录先行联系；退单、延期、作废在决定之前都不改变状态。
- 无须回复，或匿名且没有电话的工单，反馈后即可办结。
- 保密工单由受理员联系和回复，承办单位不能；作业单位任何时候都不能回复。
- 曾经的主办可以查看；除了就自己最后主办的轮次申诉，不能操作。
- 申诉针对一轮里已超期的时限、回访结果或重复件认定，每轮每项一次；剔除针对整件工单，
  不准之后可以再申请。两者无论申请还是准予，都不改变状态与时限，只改考核。
- 被拒绝的操作什么也不改变，回答里的 `allowed` 列出此人此时可做的操作。
"""


def who(permission: Permission) -> str:
    names = [ROLES[role] for role in ROLES if role in permission.roles and role is not Role.UNIT]
    if Role.UNIT in permission.roles:
        names += [PARTS[part] for part in PARTS if part in permission.parts]
    return "、".join(names)


def passage_table(ways: Iterable[Passage]) -> Iterator[str]:
    yield "“起”“停”指时限开始、停止；“免”是不适用；“改期”只动还在走的时限。\n\n"
    yield "| 从 | 事件 | 到 | 时限 |\n|---|---|---|---|\n"
    for way in dict.fromkeys(ways):
        before = "—" if way.before is None else STATES[way.before]
        after = "不变" if way.before is way.after else STATES[way.after]
        yield f"| {before} | {EVENTS[way.event.type]} | {after} | {clocks(way)} |\n"


def clocks(way: Passage) -> str:
    deeds: dict[str, list[str]] = {}
    for name, deed in way.clocks:
        deeds.setdefault(DEEDS[deed], []).append(CLOCKS[name])
    words = [f"{deed}：{'、'.join(dict.fromkeys(names))}" for deed, names in deeds.items()]
    return "；".join(words) or "—"


def in_order(states: Iterable[TicketState]) -> list[TicketState]:
    chosen = set(states)
    return [state for state in TicketState if state in chosen]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
