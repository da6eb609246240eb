"""Desk and units: each action with a key of its own, repeated until it has a final answer."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.storm.calls import Answer, Door
from tests.storm.plan import Plan

TWICE = 0.05  # called twice at once with the same key
EVENTS: Mapping[str, str] = {
    "triage": "ticket.triaged",
    "dispatch": "ticket.dispatched",
    "contact": "ticket.contacted",
    "accept": "ticket.accepted",
    "dispose": "ticket.disposed",
    "feedback": "ticket.feedback_submitted",
    "reply": "ticket.replied",
    "complete": "ticket.completed",
    "follow-up": "ticket.followed_up",
}
STATES: Mapping[str, str] = {
    "triage": "triaged",
    "dispatch": "dispatched",
    "accept": "accepted",
    "dispose": "in_progress",
    "feedback": "feedback_submitted",
    "reply": "replied",
    "complete": "completed",
    "follow-up": "followed_up",
}


@dataclass
class Act:
    """One action as its caller keeps it: what was asked, and whether it was told that it stands."""

    name: str
    who: str
    body: Mapping[str, Any]
    sent: int = 0
    is_acknowledged: bool = False


@dataclass
class Desk:
    """`courses`: the acts of each ticket, by upstream number, in their order."""

    door: Door
    keys: Mapping[str, str]
    courses: dict[str, list[Act]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)

    async def take_course(self, plan: Plan, no: str) -> None:
        self.numbers[plan.upstream_no] = no
        course = self.courses[plan.upstream_no] = []
        chance = plan.chance("desk")
        contact_id = ""
        for name in course_of(plan):
            who, body = make_act(plan, name, contact_id)
            act = Act(name, who, body)
            course.append(act)
            calls = 2 if chance.random() < TWICE else 1
            answers = await asyncio.gather(*(self.call(no, act) for _ in range(calls)))
            if any(one is None for one in answers):
                return
            if len({orjson.dumps(one) for one in answers}) > 1:
                self.odd.append(f"{no} {name}: two answers for one key")
            if name == "contact":
                contact_id = answers[0]["contacts"][0]["id"]

    async def call(self, no: str, act: Act) -> Any:
        """The ticket as answered. None where the call was refused."""
        path = f"/v1/tickets/{no}/{act.name}"
        headers = {
            "authorization": f"Bearer {self.keys[act.who]}",
            "content-type": "application/json",
            "idempotency-key": f"{no}-{act.name}",
        }
        body = orjson.dumps(act.body)
        while True:
            act.sent += 1
            answer = await self.door.call("POST", path, headers, body=body)
            if answer is not None and answer.status == 200:
                act.is_acknowledged = True
                return orjson.loads(answer.body)
            if answer is not None and not is_asked_again(answer):
                self.odd.append(f"{no} {act.name}: {answer.status} {answer.body[:200]!r}")
                if answer.status < 500:
                    return None
            await asyncio.sleep(random.uniform(0.03, 0.15))


def is_asked_again(answer: Answer) -> bool:
    return answer.status in (429, 503) or b"idempotency-in-flight" in answer.body


def course_of(plan: Plan) -> Iterator[str]:
    yield from ("triage", "dispatch", "contact", "accept")
    if plan.whole:
        yield from ("dispose", "feedback", "reply", "complete", "follow-up")


def make_act(plan: Plan, name: str, contact_id: str) -> tuple[str, dict[str, Any]]:
    """Whose call it is, and its body."""
    answers = {"overall": "satisfied", "attitude": "satisfied", "solved": "yes", "redo": False}
    finding = {"fact_finding": "true", "appeal_finding": "reasonable"}
    acts: dict[str, tuple[str, dict[str, Any]]] = {
        "triage": ("desk", {"trade": plan.trade, "category": plan.category}),
        "dispatch": ("desk", {"lead": plan.unit, "instruction": "请尽快处置"}),
        "contact": (plan.unit, {"result": "reached", "mode": "phone", "content": "已告知"}),
        "accept": (plan.unit, {"executor": "李工", "section": "设施组"}),
        "dispose": (plan.unit, {"text": "已清运并冲洗地面", "site_check": "yes"}),
        "feedback": (
            plan.unit,
            {
                "summary": "已清运，加密收运班次",
                **finding,
                "case_valuation": plan.valuation,
                "contact_id": contact_id,
            },
        ),
        "reply": (
            "desk",
            {"mode": "phone", "reply_points": "已清运", "reply_satisfaction": "satisfied"},
        ),
        "complete": ("desk", {}),
        "follow-up": ("desk", {"reached": "yes", "first_contact": "yes", **answers}),
    }
    return acts[name]
