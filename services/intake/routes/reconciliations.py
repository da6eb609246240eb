"""A platform's list of one day (对账): what is missing on either side, and what differs."""

import asyncio
import hashlib
import time
from datetime import datetime, timedelta
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake.actions.reconcile import DayListing, Reconciled, reconcile
from services.intake.case_answers import reconciled_answer
from services.intake.inbox import message_id_of
from services.intake.list_reading import MOST_FAULTS, lines_of, refuse_twice
from services.intake.rules.reconciling import Theirs
from services.intake.schemas.lists import DayList
from shared.domain.actor import Actor
from shared.domain.words import Role
from shared.errors import Invalid
from shared.identity.sources import Source
from shared.tickets import Hotline
from shared.web.bodies import check_json_type, parse, read_body
from shared.web.openapi import SIGNED, answers, body_of
from shared.web.senders import hear_source
from shared.web.tracing import traceparent

MAX_LIST = 8 * 1024 * 1024
LIST = {
    "day": "2026-11-18",
    "tickets": [
        {
            "upstream_no": "SH12345-20261118-00731",
            "state": "completed",
            "received_at": "2026-11-18T09:12:00+08:00",
            "completed_at": "2026-11-24T16:20:00+08:00",
        }
    ],
}
CASE = "8f0b3a52-6d1c-5b7e-9a40-2c7f1d9e5b16"
EXAMPLE = {
    "source": "city-12345",
    "day": "2026-11-18",
    "counts": {
        "theirs": 120,
        "ours": 120,
        "same": 116,
        "missing_here": 1,
        "missing_there": 1,
        "held": 1,
        "differs": 1,
        "in_transit": 1,
        "fields": {"state": 1, "received_at": 0, "completed_at": 1},
    },
    "missing_here": [{"upstream_no": "SH12345-20261118-00740", "case": CASE}],
    "missing_there": [
        {"upstream_no": "SH12345-20261118-00712", "no": "T20261118-000712", "case": CASE}
    ],
    "held": [
        {
            "upstream_no": "SH12345-20261118-00755",
            "receipt": "0b7d5a3e-5a2e-4c57-9c0e-6c1f0a9d7e11",
            "status": "quarantined",
            "case": CASE,
        }
    ],
    "differs": [
        {
            "upstream_no": "SH12345-20261118-00731",
            "no": "T20261118-000731",
            "fields": {
                "state": {"ours": "in_progress", "theirs": "completed"},
                "completed_at": {"ours": None, "theirs": "2026-11-24T16:20:00+08:00"},
            },
            "case": CASE,
        }
    ],
    "in_transit": [
        {
            "upstream_no": "SH12345-20261118-00733",
            "no": "T20261118-000733",
            "fields": {"state": {"ours": "replied", "theirs": "feedback_submitted"}},
        }
    ],
}

router = APIRouter(prefix="/v1/reconciliations", tags=["对账"])


@router.post(
    "/{source}",
    summary="平台送来某一来件日的名单，答两边各缺什么、哪里不一致（签名同推送，正文至多 8 MB）",
    openapi_extra=body_of(DayList, LIST) | SIGNED,
    responses=answers(EXAMPLE),
)
async def take_list(request: Request, source: str) -> Response:
    raw = await read_body(request, limit=MAX_LIST)
    known = await hear_source(request, raw, source)
    check_json_type(request)
    # A large list takes a while to read: not in the loop that serves everybody.
    body, listed = await asyncio.to_thread(read_list, raw)
    hotline: Hotline = request.app.state.hotline
    async with hotline.ledger(known.scope, trace=traceparent(request.scope)) as ledger:
        made = made_at(request, ledger.now, is_virtual=hotline.settings.sandbox)
        listing = listing_of(request, known, raw, body, listed, as_of=made)
        outcome: Reconciled = await reconcile(ledger, listing)
    hotline.ring()
    answer: dict[str, Any] = reconciled_answer(listing, outcome)
    return Response(orjson.dumps(answer), media_type="application/json")


def read_list(raw: bytes) -> tuple[DayList, list[Theirs]]:
    try:
        body = parse(DayList, raw)
    except Invalid as error:
        raise Invalid(error.detail, errors=error.errors[:MOST_FAULTS]) from None
    lines = lines_of(body.tickets)
    refuse_twice(lines)
    return body, lines


def listing_of(
    request: Request,
    source: Source,
    raw: bytes,
    body: DayList,
    listed: list[Theirs],
    *,
    as_of: datetime,
) -> DayListing:
    return DayListing(
        reconciliation_id=message_id_of(f"list:{source.name}", request.headers["webhook-id"]),
        source=source.name,
        day=body.day,
        listed=listed,
        origin="posted",
        digest=hashlib.sha256(raw).digest(),
        as_of=as_of,
        actor=Actor(role=Role.SOURCE, name=source.name),
    )


def made_at(request: Request, now: datetime, *, is_virtual: bool) -> datetime:
    """When the platform signed its list: what we recorded later it could not know.

    Virtual time stands still while real time passes; there a list is of now.
    """
    if is_virtual:
        return now
    age = time.time() - int(request.headers["webhook-timestamp"])
    return now - timedelta(seconds=max(0.0, age))
