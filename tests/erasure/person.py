"""One caller whose every word is known, pushed through every path there is. Data fictitious."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from httpx import Response

from tests.factories import BODIES, Desk
from tests.platform import Platform

NAME, PHONE, ID_NO = "诸葛琬琰", "13912345670", "310106196001013217"
HOME, PLACE = "静安区琬琰里弄93号1702室", "静安区琰石路9317号"
CALLER = {"name": NAME, "gender": "female", "phone": PHONE, "address": HOME, "id_no": ID_NO}
LNG, LAT = 121.4517391, 31.2517392
MOVED = 121.4518399
COORDINATES = [str(LNG), str(LAT), str(MOVED)]
UNIT, CONTRACTOR = "sanitation-section", "chengfa-sanitation"
CATEGORY = {"category_l1": "sanitation", "category_l2": "S-05"}


@dataclass
class Story:
    """`said`: every word that was written anywhere, each its own."""

    city: Platform
    district: Platform
    desk: Desk
    drain: Callable[[], Awaitable[int]]
    said: list[str] = field(default_factory=list)
    numbers: Callable[[], int] = field(default_factory=lambda: itertools.count(1001).__next__)

    def word(self) -> str:
        """Free text that nobody else writes, with the caller in it."""
        token = f"证言{self.numbers()}琰"
        self.said.append(token)
        return f"{token}，{NAME}来电{PHONE}"

    def file(self, kind: str) -> dict[str, str]:
        token = f"https://files.example/file-{self.numbers()}.bin"
        self.said.append(token)
        return {"kind": kind, "url": token}

    @property
    def words(self) -> list[str]:
        """What must be nowhere afterwards."""
        return [*self.said, NAME, PHONE, ID_NO, HOME, PLACE, "139****5670", *COORDINATES]

    async def receive(self, upstream_no: str, **changed: Any) -> str:
        pushed = await self.city.create(
            upstream_no,
            title=self.word(),
            content=self.word(),
            address=PLACE,
            lng=LNG,
            lat=LAT,
            caller=CALLER,
            **{**CATEGORY, **changed},
            memo=self.word(),
        )
        await self.drain()
        return str((await self.city.receipt(pushed))["ticket_no"])

    async def act(self, who: str, no: str, action: str, **body: Any) -> Response:
        answer = await self.desk.act(who, no, action, **{**BODIES.get(action, {}), **body})
        assert answer.status_code == 200, (action, answer.text)
        return answer

    async def write(self, path: str, who: str = "desk", **body: Any) -> Response:
        headers = {
            "Authorization": f"Bearer {self.desk.keys[who]}",
            "Idempotency-Key": f"story-{self.numbers()}",
        }
        answer = await self.desk.client.post(path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer

    async def handle(self, no: str) -> dict[str, Any]:
        """From triage to the follow-up, with a word wherever there is room for one."""
        await self.act("desk", no, "triage")
        await self.act(
            "desk", no, "request-extension", reason_code="complex", days=2, reason=self.word()
        )
        await self.act("leader", no, "decide-extension", granted=False, comment=self.word())
        await self.act("desk", no, "dispatch", instruction=self.word())
        await self.act(UNIT, no, "return", reason_code="other", reason=self.word())
        await self.act("desk", no, "decide-return", granted=False, comment=self.word())
        await self.act(UNIT, no, "accept")
        contacted = await self.act(
            UNIT, no, "contact", content=self.word(), call_id=f"call-{PHONE}"
        )
        await self.act(
            "desk",
            no,
            "reveal",
            field="phone",
            reason_code="contact_caller",
            reason=f"{NAME}{PHONE}",
        )
        await self.act("desk", no, "urge", text=self.word())
        await self.act("leader", no, "supervise", text=self.word())
        await self.act(
            UNIT,
            no,
            "site-visit",
            findings=self.word(),
            participants=[self.word()],
            lng=LNG,
            lat=LAT,
            attachments=[self.file("photo_before")],
            commitments=[{"text": self.word(), "owner": self.word(), "due_on": "2026-11-20"}],
        )
        await self.act(
            UNIT,
            no,
            "dispose",
            text=self.word(),
            attachments=[self.file("recording"), self.file("photo_after")],
        )
        report = {
            "summary": self.word(),
            "fact_finding": "partly_true",
            "fact_note": self.word(),
            "appeal_finding": "excessive",
            "appeal_note": self.word(),
            "contact_id": contacted.json()["contacts"][-1]["id"],
            "attachments": [self.file("recording")],
        }
        await self.act(UNIT, no, "feedback", **report)
        await self.act("desk", no, "reject-feedback", comment=self.word())
        await self.act(UNIT, no, "feedback", **report)
        await self.act("desk", no, "reply", reply_points=self.word(), citizen_feedback=self.word())
        await self.act("desk", no, "complete")
        return dict((await self.act("desk", no, "follow-up")).json())

    async def appeal(self, no: str) -> None:
        await self.act(
            UNIT,
            no,
            "appeal",
            verdict="follow_up",
            reason=self.word(),
            evidence=[self.word(), self.file("document")],
        )
        await self.act("leader", no, "decide-appeal", granted=False, comment=self.word())
        await self.act("desk", no, "exclude", reason_code="untrue", reason=self.word())
        await self.act("leader", no, "decide-exclusion", granted=False, comment=self.word())

    async def trouble(self, upstream_no: str) -> None:
        """What platforms say besides: of the same ticket, wrongly, too early."""
        await self.city.push(
            "ticket.updated",
            upstream_no=upstream_no,
            content=self.word(),
            revision=2,
            lng=MOVED,
            memo=self.word(),
        )
        await self.district.push(
            "ticket.created",
            upstream_no="QU-77",
            other_nos=[upstream_no],
            appeal_type="complaint",
            urgency="normal",
            content=self.word(),
            is_anonymous=False,
            is_confidential=False,
            need_reply=True,
            received_at="2026-11-18T09:20:00+08:00",
            caller=CALLER,
        )
        # Nobody has asked for it back: understood, and set aside with its reason.
        await self.city.push(
            "ticket.return_decided", upstream_no=upstream_no, granted=True, reason=self.word()
        )
        await self.city.push("ticket.urged", upstream_no=upstream_no, text=self.word())
        await self.city.create("SH-never", urgency="whenever", caller=CALLER, content=self.word())
        await self.city.push(
            "ticket.updated", upstream_no="SH-early", content=self.word(), caller=CALLER
        )
        await self.city.push(
            "ticket.praised", upstream_no=upstream_no, text=self.word(), caller=CALLER
        )
        await self.drain()

    async def settle_difference(self, upstream_no: str) -> None:
        """A list of the platform's that differs, and why that was accepted."""
        listed = {
            "day": "2026-11-18",
            "tickets": [
                {
                    "upstream_no": upstream_no,
                    "state": "received",
                    "received_at": "2026-11-18T09:12:00+08:00",
                }
            ],
        }
        body = orjson.dumps(listed)
        path = f"/v1/reconciliations/{self.city.name}"
        sent = await self.city.client.post(path, content=body, headers=self.city.headers(body))
        assert sent.status_code < 300, sent.text
        headers = {"Authorization": f"Bearer {self.desk.keys['admin']}"}
        cases = await self.city.client.get("/v1/reconciliation-cases", headers=headers)
        (case,) = [
            one
            for one in cases.json()["items"]
            if one["upstream_no"] == upstream_no and one["kind"] == "differs"
        ]
        accepted = await self.city.client.post(
            f"/v1/reconciliation-cases/{case['id']}/close",
            json={"reason": self.word()},
            headers={
                "Authorization": f"Bearer {self.desk.keys['desk']}",
                "Idempotency-Key": f"case-{self.numbers()}",
            },
        )
        assert accepted.status_code == 200, accepted.text
