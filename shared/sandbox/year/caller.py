"""One planned call made real: signed or keyed, sent, its answer checked."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from shared.errors import ErrorKind, HotlineError
from shared.sandbox.year.ready import Stack, sign
from shared.sandbox.year.steps import Contact, PlannedTicket, Step
from shared.sandbox.year.wire import Answer, Wire

AWAITED = frozenset({"ticket.created", "ticket.rework"})
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.02
LONGEST_POLL_SECONDS = 0.5


class DemoStopped(HotlineError):
    """A call of the year was answered otherwise than planned."""

    kind = ErrorKind.CONFLICT
    code = "demo-stopped"
    title = "演示中断"


@dataclass(slots=True)
class Progress:
    """What is known of a ticket while its calls are made."""

    planned: PlannedTicket
    serial: int
    done: int = 0
    no: str = ""
    contact_id: str | None = None
    awaited: list[tuple[str, str]] = field(default_factory=list)  # source, receipt


class Caller:
    """Makes the calls of a plan against one stack."""

    def __init__(self, stack: Stack, *, connections: int) -> None:
        self._stack = stack
        self._intake = Wire(stack.intake, connections=connections)
        self._dispatch = Wire(stack.dispatch, connections=connections)
        self._polls = 0

    def close(self) -> None:
        self._intake.close()
        self._dispatch.close()

    async def set_clock(self, now: datetime) -> None:
        await self._sandbox("PUT", "/sandbox/clock", {"now": now.isoformat()})

    async def settle(self, timeout_seconds: int) -> None:
        body = {"timeout_seconds": timeout_seconds}
        await self._sandbox("POST", "/sandbox/settle", body)

    async def make(self, ticket: Progress, step: Step) -> None:
        ticket.done += 1
        if step.is_message:
            message_id = f"sim-2022-{ticket.serial:06d}-{ticket.done:02d}"
            receipt = await self.tell(step, message_id)
            if step.name in AWAITED:
                ticket.awaited.append((step.who, receipt))
        else:
            await self._settle_receipts(ticket)
            await self._act(ticket, step)

    async def tell(self, step: Step, message_id: str) -> str:
        """Pushes a platform's message and returns its receipt."""
        message = {"type": step.name, "timestamp": step.now.isoformat(), "data": step.body}
        body = orjson.dumps(message)
        path = f"/v1/webhooks/{step.who}"
        headers = sign(self._stack.secrets[step.who], message_id, body)
        answer = await self._intake.call("POST", path, headers, body=body)
        check(answer, f"{step.now:%Y-%m-%d %H:%M} 推送 {step.name}（{message_id}）", {200, 202})
        return str(orjson.loads(answer.body)["receipt"])

    async def _settle_receipts(self, ticket: Progress) -> None:
        while ticket.awaited:
            source, receipt = ticket.awaited[0]
            no = await self._await_receipt(source, receipt, ticket.planned.no)
            ticket.no = ticket.no or no
            ticket.awaited.pop(0)

    async def _await_receipt(self, source: str, receipt: str, upstream_no: str) -> str:
        """Asks after a message until it is applied, and learns the ticket's number."""
        pause, waited = POLL_SECONDS, 0.0
        path = f"/v1/receipts/{receipt}"
        while waited < PATIENCE_SECONDS:
            self._polls += 1
            headers = sign(self._stack.secrets[source], f"sim-2022-poll-{self._polls}", b"")
            answer = await self._intake.call("GET", path, headers)
            check(answer, f"查询工单 {upstream_no} 的回执", {200})
            state = orjson.loads(answer.body)
            if state["status"] in {"applied", "ignored"}:
                return str(state["ticket_no"])
            if state["status"] == "quarantined":
                raise DemoStopped(f"工单 {upstream_no} 的推送被隔离：{state.get('problem')}")
            await asyncio.sleep(pause)
            waited += pause
            pause = min(2 * pause, LONGEST_POLL_SECONDS)
        raise DemoStopped(f"工单 {upstream_no} 推送后 {PATIENCE_SECONDS:.0f} 秒仍未入库")

    async def _act(self, ticket: Progress, step: Step) -> None:
        body: dict[str, Any] = dict(step.body)
        if step.at:
            body["at"] = step.at.isoformat()
        if step.contact is Contact.NEEDS:
            body["contact_id"] = ticket.contact_id
        headers = {
            "authorization": f"Bearer {self._stack.keys[step.who]}",
            "content-type": "application/json",
            "idempotency-key": f"sim-2022-{ticket.serial:06d}-{ticket.done:02d}",
        }
        path = f"/v1/tickets/{ticket.no}/{step.name}"
        if step.is_on_matter:
            known = await self._look(ticket.no, headers)
            path = f"/v1/matters/{known['matter']}/{step.name}"
            if step.keeps:
                body["kept"] = _promises(known)
        answer = await self._dispatch.call("POST", path, headers, body=orjson.dumps(body))
        if answer.status != 200:
            what = f"{step.now:%Y-%m-%d %H:%M} {step.who} 对工单 {ticket.no} 执行 {step.name}"
            check(answer, what, {200})
        if step.contact is Contact.YIELDS:
            ticket.contact_id = orjson.loads(answer.body)["contacts"][-1]["id"]

    async def _look(self, no: str, headers: Mapping[str, str]) -> dict[str, Any]:
        answer = await self._dispatch.call("GET", f"/v1/tickets/{no}", headers)
        check(answer, f"查看工单 {no}", {200})
        found: dict[str, Any] = orjson.loads(answer.body)
        return found

    async def _sandbox(self, method: str, path: str, body: dict[str, Any]) -> None:
        headers = {"content-type": "application/json"}
        answer = await self._dispatch.call(method, path, headers, body=orjson.dumps(body))
        check(answer, f"沙箱 {method} {path}", {200})


def _promises(ticket: Mapping[str, Any]) -> list[str]:
    """The ids, as dossiers give them, of everything promised at its site visits."""
    visits = ticket["site_visits"]
    return [f"{ticket['no']}-{one['id']}" for visit in visits for one in visit["commitments"]]


def check(answer: Answer, what: str, expected: Collection[int]) -> None:
    """Stops the demo, naming the call and what the service said, unless all went as planned."""
    if answer.status in expected:
        return
    said = answer.body.decode(errors="replace")
    if said.startswith("{"):
        problem = orjson.loads(said)
        parts = [problem.get("title"), problem.get("detail")]
        parts += [f"{e['pointer']} {e['message']}" for e in problem.get("errors", ())]
        said = "；".join(str(part) for part in parts if part)
    raise DemoStopped(f"{what}：服务答复 {answer.status}，{said[:400]}")
