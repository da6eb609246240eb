"""One ticket in which every relation has its part, and everything else that routes speak of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from httpx import AsyncClient, Response

from services.cli.worker import open_sender
from services.scoring import sanitation_examples, scheme_examples
from shared.tickets import Hotline
from shared.worker.callbacks import drain_callbacks
from tests.authorisation.callers import (
    ASSIST,
    CITY,
    FORMER,
    LEAD,
    OBJECT,
    Callers,
)
from tests.conftest import BUREAU
from tests.factories import BODIES
from tests.platform import CREATED
from tests.seen.owing import owe, park

NOBODY_LISTENS = "http://127.0.0.1:9/heard"
PLAN = {
    "active": True,
    "scope": {"trades": [], "streets": [], "keywords": ["台风倒伏"]},
    "overrides": {"push": False},
    "until": "2026-11-30T06:00:00+08:00",
    "reason": "台风蓝色预警",
}
SCOPE = "全市绿化市容条线"
LETTER_STREAM = 900_001


@dataclass
class Stage:
    """Puts it on by asking, as everybody would; `names` fills the paths.

    `hears`: where calls to receivers outside go.
    """

    clients: Mapping[str, AsyncClient]
    callers: Callers
    hotline: Hotline
    drain: Callable[[], Awaitable[int]]
    hears: str = NOBODY_LISTENS
    names: dict[str, str] = field(default_factory=dict)
    calls: int = 0

    async def write(
        self, service: str, who: str, path: str, body: Any, *, method: str = "POST"
    ) -> Any:
        self.calls += 1
        answer = await self.callers.ask(
            self.clients[service],
            who,
            method,
            path,
            body=orjson.dumps(body),
            key=f"stage-{self.calls}",
        )
        assert answer.is_success, (path, answer.text)
        return answer.json()

    async def act(self, who: str, action: str, **body: Any) -> Any:
        return await self.write("dispatch", who, f"/v1/tickets/{self.names['no']}/{action}", body)

    async def push(self, kind: str, **data: Any) -> str:
        body = {"type": kind, "timestamp": "2026-11-18T09:20:00+08:00", "data": data}
        answer = await self.write("intake", "S", f"/v1/webhooks/{CITY}", body)
        await self.drain()
        return str(answer["receipt"])

    async def put_on(self) -> None:
        await self.write("intake", "S", "/v1/callback", {"url": self.hears}, method="PUT")
        types = {"url": self.hears, "types": ["*"]}
        subscription = (await self.write("dispatch", "L", "/v1/subscriptions", types))["id"]
        await self.write("dispatch", "E", "/v1/emergency", PLAN, method="PUT")
        receipt = await self.receive()
        await self.hand_about()
        quarantined = await self.refuse_one()
        listed = {"day": "2026-11-18", "tickets": []}
        made = await self.write("intake", "S", f"/v1/reconciliations/{CITY}", listed)
        await owe(self.hotline, stream=LETTER_STREAM)
        await park(self.hotline, LETTER_STREAM)
        async with open_sender(self.hotline) as sender:
            await drain_callbacks(self.hotline, BUREAU, sender)
        self.names |= {
            "receipt": receipt,
            "subscription": subscription,
            "quarantined": quarantined,
            "case_id": made["missing_there"][0]["case"],
            "letter": f"scoring.{LETTER_STREAM}.1",
            "source": CITY,
            "period": "2026-11",
            "frozen": "2026-10",
            "platform_delivery": await self.find_delivery("intake", "S", "/v1/callback/deliveries"),
            "delivery": await self.find_delivery(
                "dispatch", "L", f"/v1/subscriptions/{subscription}/deliveries"
            ),
        }
        await self.assess()

    async def receive(self) -> str:
        """Two tickets of one matter, of which the second is the one asked for."""
        common = {**CREATED, "object_unit": OBJECT}
        await self.push("ticket.created", upstream_no="SH-1", **common)
        receipt = await self.push(
            "ticket.created", upstream_no="SH-2", is_repeat=True, repeat_of="SH-1", **common
        )
        await self.push(
            "rank.published", period="2026-10", scope=SCOPE, rank=2, of=16, score="93.1"
        )
        found = await self.callers.ask(
            self.clients["intake"], "S", "GET", f"/v1/receipts/{receipt}"
        )
        self.names |= {"no": found.json()["ticket_no"], "upstream_no": "SH-2"}
        return receipt

    async def hand_about(self) -> None:
        """To a former lead and back, then to the lead and its assist."""
        self.names["matter"] = (await self.act("D", "triage", **BODIES["triage"]))["matter"]
        await self.act("D", "dispatch", lead=FORMER)
        await self.act("F", "return", reason_code="not_ours", reason="不属本单位职责")
        await self.act("D", "decide-return", granted=True, comment="同意")
        await self.act("D", "dispatch", lead=LEAD, assists=[ASSIST])
        await self.act("L", "contact", result="reached", mode="phone", content="已告知受理情况")
        await self.drain()

    async def refuse_one(self) -> str:
        answer = await self.callers.ask(
            self.clients["intake"], "S", "POST", f"/v1/webhooks/{CITY}", body=b'{"type": 1}'
        )
        return str(answer.json()["receipt"])

    async def find_delivery(self, service: str, who: str, path: str) -> str:
        found = await self.callers.ask(self.clients[service], who, "GET", path)
        assert found.json()["items"], path
        return str(found.json()["items"][0]["id"])

    async def assess(self) -> None:
        draft = {**scheme_examples.DRAFT, "id": "own-draft"}
        await self.write("scoring", "M", "/v1/schemes", draft)
        inspection = await self.write(
            "scoring", "D", "/v1/inspections", sanitation_examples.INSPECTION
        )
        item = await self.write("scoring", "D", "/v1/media-items", sanitation_examples.MEDIA_ITEM)
        await self.write("scoring", "E", "/v1/periods/2026-10/freeze", {})
        await self.drain()
        self.names |= {
            "scheme": "own-draft",
            "version": "1",
            "inspection": inspection["id"],
            "media_item": item["id"],
        }

    async def ask(self, service: str, who: str, method: str, path: str, **sent: Any) -> Response:
        return await self.callers.ask(self.clients[service], who, method, path, **sent)
