"""Makes things with every default overridable. Data fictitious."""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy import text

from shared.domain.actor import Actor
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import FieldRank, TicketReceived
from shared.domain.words import AppealType, Role, TicketKind, Urgency
from shared.tickets import Hotline, Ledger
from shared.vault.callers import Caller, seal_caller

CITY = Actor(role=Role.SOURCE, name="city-12345")
RECEIVED_AT = datetime(2026, 11, 18, 9, 12, tzinfo=CITY_ZONE)
TEXTS = {
    "title": "压缩站旁垃圾满溢、夜间噪声",
    "content": "小区门口压缩站旁垃圾满溢，夜间清运噪声扰民，希望搬走。",
    "address": "静安区示例路100号旁",
}
upstream_nos = itertools.count(1)


async def make_ticket(hotline: Hotline, *, bureau: int = 1, **values: Any) -> str:
    """A ticket as if a platform had pushed it; answers its number."""
    async with hotline.ledger(bureau) as ledger:
        return await open_ticket(ledger, **values)


async def open_ticket(
    ledger: Ledger,
    *,
    texts: Mapping[str, str] = TEXTS,
    received_at: datetime = RECEIVED_AT,
    upstream_no: str | None = None,
    source: str = "city-12345",
    **values: Any,
) -> str:
    """The same in a transaction that is the caller's."""
    row = await ledger.tx.row(text("SELECT nextval('ticket_ids') AS id"))
    assert row is not None
    no = f"T{received_at.astimezone(CITY_ZONE):%Y%m%d}-{row.id:06d}"
    event: dict[str, Any] = {
        "appeal_type": AppealType.COMPLAINT,
        "urgency": Urgency.NORMAL,
        "ticket_kind": TicketKind.TRANSFER,
        "is_anonymous": False,
        "is_confidential": False,
        "need_reply": True,
        "has_phone": True,
        "street": "共和新路街道",
        "carried": ("content",),
        **values,
    }
    ledger.open(
        row.id,
        TicketReceived(
            no=no,
            source=source,
            upstream_no=upstream_no or f"SH12345-{next(upstream_nos):05d}",
            received_at=received_at,
            rank=FieldRank(at=received_at),
            **event,
        ),
        actor=Actor(role=Role.SOURCE, name=source),
        occurred_at=received_at,
        texts=texts,
    )
    return no


CALLER = Caller(name="张建国", gender="男", phone="13800001234", address="静安区示例里弄7号302室")
PUT_CALLER = text(
    "INSERT INTO callers (bureau_id, ticket_id, phone_hash, hash_key_id, sealed, seal_key_id,"
    " masked_name, masked_phone) VALUES (:bureau, :ticket_id, :phone_hash, :hash_key_id, :sealed,"
    " :seal_key_id, :masked_name, :masked_phone)"
)


async def give_caller(ledger: Ledger, ticket_id: int, caller: Caller = CALLER) -> None:
    """As if the platform had told who called."""
    row = seal_caller(caller, ticket_id, bureau=ledger.tx.bureau, keyring=ledger.keyring)
    await ledger.tx.run(PUT_CALLER, bureau=ledger.tx.bureau, **asdict(row))


async def make_called_ticket(hotline: Hotline, caller: Caller = CALLER, **values: Any) -> str:
    """A ticket whose caller is known; answers its number."""
    async with hotline.ledger(1) as ledger:
        no = await open_ticket(ledger, **values)
        await give_caller(ledger, int(no.partition("-")[2]), caller)
    return no


BODIES: Mapping[str, Mapping[str, Any]] = {
    "triage": {"trade": "sanitation", "category": "S-05"},
    "dispatch": {"lead": "sanitation-section", "assists": ["chengfa-sanitation"]},
    "accept": {"executor": "李工"},
    "contact": {"result": "reached", "mode": "phone", "content": "已告知受理情况"},
    "dispose": {"text": "清运满溢垃圾并冲洗地面", "site_check": "yes"},
    "feedback": {
        "summary": "已清运并调整作业时段",
        "fact_finding": "true",
        "appeal_finding": "reasonable",
        "case_valuation": "resolved",
    },
    "reply": {"mode": "phone", "reply_points": "作业时段已提前，噪声已整改"},
    "complete": {},
    "follow-up": {
        "reached": "yes",
        "first_contact": "yes",
        "overall": "satisfied",
        "attitude": "satisfied",
        "solved": "yes",
        "redo": False,
    },
}
# The main path, and who takes each step.
PATH = (
    ("triage", "desk"),
    ("dispatch", "desk"),
    ("accept", "sanitation-section"),
    ("contact", "sanitation-section"),
    ("dispose", "sanitation-section"),
    ("feedback", "sanitation-section"),
    ("reply", "desk"),
    ("complete", "desk"),
    ("follow-up", "desk"),
)


@dataclass
class Desk:
    """Calls the dispatch API as one of the sample keys. Every call gets its own key."""

    client: AsyncClient
    keys: Mapping[str, str]
    calls: Callable[[], int] = itertools.count(1).__next__

    async def get(self, who: str, path: str, **options: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        return await self.client.get(path, headers=headers, **options)

    async def act(
        self,
        who: str,
        no: str,
        action: str,
        /,
        *,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> Response:
        sent = {
            "Authorization": f"Bearer {self.keys[who]}",
            "Idempotency-Key": f"test-{self.calls()}",
            **(headers or {}),
        }
        return await self.client.post(f"/v1/tickets/{no}/{action}", json=body, headers=sent)

    async def walk(self, no: str, *, until: str = "follow-up", **changed: Any) -> dict[str, Any]:
        """Along the main path up to and with `until`; each step must succeed."""
        ticket: dict[str, Any] = {}
        for action, who in PATH:
            body = {**BODIES[action], **changed.get(action.replace("-", "_"), {})}
            if action == "feedback" and "contact_id" not in body and ticket["contacts"]:
                body["contact_id"] = ticket["contacts"][-1]["id"]
            response = await self.act(who, no, action, **body)
            assert response.status_code == 200, (action, response.text)
            ticket = response.json()
            if action == until:
                break
        return ticket


SetClock = Callable[[str | datetime], Awaitable[datetime]]
