"""One ticket's course through the dispatch API, call by call, as desk and unit would make it."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from shared.sandbox.year.wire import Answer, Wire
from shared.web.signatures import sign

POLL_SECONDS = 0.02
APPLIED_SECONDS = 30.0
UNIT = "sanitation-section"
JSON = {"content-type": "application/json"}
Told = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Act:
    """`body` may need the id of the contact made earlier."""

    name: str
    key: str
    body: Mapping[str, Any]


def plan_acts(contact_id: str = "") -> Iterator[Act]:
    """The shortest whole course: nine actions."""
    unit = "unit"
    yield Act("triage", "desk", {"trade": "sanitation", "category": "S-05"})
    yield Act("dispatch", "desk", {"lead": UNIT, "instruction": "请尽快处置"})
    yield Act("accept", unit, {"executor": "李工", "section": "设施组"})
    yield Act("contact", unit, {"result": "reached", "mode": "phone", "content": "已告知"})
    yield Act("dispose", unit, {"text": "已清运满溢垃圾并冲洗地面", "site_check": "yes"})
    yield Act(
        "feedback",
        unit,
        {
            "summary": "已清运，加密收运班次",
            "fact_finding": "true",
            "appeal_finding": "reasonable",
            "case_valuation": "resolved",
            "contact_id": contact_id,
        },
    )
    reply = {"mode": "phone", "reply_points": "已清运", "reply_satisfaction": "satisfied"}
    yield Act("reply", "desk", reply)
    yield Act("complete", "desk", {})
    answers = {"overall": "satisfied", "attitude": "satisfied", "solved": "yes", "redo": False}
    yield Act("follow-up", "desk", {"reached": "yes", "first_contact": "yes", **answers})


class Office:
    """Desk, unit and platform at a running sandbox."""

    def __init__(self, ready: Mapping[str, Any], *, connections: int) -> None:
        self.ready = ready
        self.dispatch = Wire(ready["dispatch"], connections=connections)
        self.intake = Wire(ready["intake"], connections=connections)
        self.scoring = Wire(ready["scoring"], connections=connections)
        self.keys = {"desk": ready["keys"]["desk"], "unit": ready["unit_keys"][UNIT]}
        secret = ready["sources"]["city-12345"]["secret"]
        self._secret = base64.b64decode(secret.removeprefix("whsec_"))
        self.calls = 0

    def bearer(self, who: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[who]}"}

    def signed(self, name: str, body: bytes = b"") -> dict[str, str]:
        stamp = int(time.time())
        signature = sign(self._secret, name, stamp, body)
        headers = {"webhook-id": name, "webhook-timestamp": str(stamp)}
        return JSON | headers | {"webhook-signature": signature}

    async def push(self, name: str, body: bytes) -> str:
        """The receipt."""
        answer = await self.intake.call(
            "POST", "/v1/webhooks/city-12345", self.signed(name, body), body=body
        )
        return str(self._read(answer, 202)["receipt"])

    async def ask_receipt(self, receipt: str) -> str | None:
        """The ticket's number, once the message is applied."""
        answer = await self.intake.call("GET", f"/v1/receipts/{receipt}", self.signed(receipt))
        told = self._read(answer, 200)
        assert told["status"] in ("pending", "applied"), told
        return told["ticket_no"] if told["status"] == "applied" else None

    async def wait_for_ticket(self, receipt: str) -> str:
        """The ticket's number. Asks again and again, as a platform would."""
        async with asyncio.timeout(APPLIED_SECONDS):
            while True:
                no = await self.ask_receipt(receipt)
                if no is not None:
                    return no
                await asyncio.sleep(POLL_SECONDS)

    async def act(self, no: str, act: Act) -> Any:
        headers = self.bearer(act.key) | JSON | {"idempotency-key": f"{no}-{act.name}"}
        path = f"/v1/tickets/{no}/{act.name}"
        answer = await self.dispatch.call("POST", path, headers, body=orjson.dumps(act.body))
        return self._read(answer, 200)

    async def get(self, wire: Wire, path: str) -> Any:
        return self._read(await wire.call("GET", path, self.bearer("desk")), 200)

    async def settle(self) -> None:
        body = b'{"timeout_seconds":600}'
        answer = await self.scoring.call("POST", "/sandbox/settle", JSON, body=body)
        assert answer.status == 200, answer

    def _read(self, answer: Answer, status: int) -> Any:
        assert answer.status == status, answer
        self.calls += 1
        return orjson.loads(answer.body)

    def close(self) -> None:
        for wire in (self.dispatch, self.intake, self.scoring):
            wire.close()


async def take_course(office: Office, no: str, *, told: Told | None = None) -> None:
    """Triage to follow-up. `told` hears of each action that is done."""
    contact_id = ""
    for number, _ in enumerate(plan_acts()):
        act = list(plan_acts(contact_id))[number]
        ticket = await office.act(no, act)
        if act.name == "contact":
            contact_id = ticket["contacts"][0]["id"]
        if told is not None:
            await told(act.name)
