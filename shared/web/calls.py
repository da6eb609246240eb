"""The log of what was sent to somebody's system, as its owner reads it."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

from shared.db import Tx
from shared.domain.calendar import in_city
from shared.errors import Invalid, NotFound
from shared.models.callbacks import CALL_STATES
from shared.tickets.callback_log import list_calls
from shared.vault.keyring import Keyring
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.openapi import parameter

FILTERS = ("state", "type", "no")
LONGEST = 100
PARAMETERS = [
    parameter("state", "投递状态：waiting、delivered、parked、cancelled"),
    parameter("type", "事件类型，例如 ticket.dispatched"),
    parameter("no", "工单号"),
    parameter("limit", "每页条数，默认 50，最多 500"),
    parameter("cursor", "上一页给出的游标"),
]
CALL: dict[str, Any] = {
    "id": "1024",
    "webhook_id": "1-731-4",
    "type": "ticket.dispatched",
    "no": "T20261118-000731",
    "state": "delivered",
    "created_at": "2026-11-18T09:40:00+08:00",
    "settled_at": "2026-11-18T09:40:05+08:00",
    "next_try_at": None,
    "replay_of": None,
    "tries": [
        {
            "at": "2026-11-18T09:40:00+08:00",
            "status": 503,
            "error": None,
            "milliseconds": 41,
        },
        {
            "at": "2026-11-18T09:40:05+08:00",
            "status": 204,
            "error": None,
            "milliseconds": 18,
        },
    ],
    "payload": {
        "type": "ticket.dispatched",
        "timestamp": "2026-11-18T09:40:00+08:00",
        "data": {"no": "T20261118-000731", "state": "dispatched"},
    },
}


async def answer_calls(
    request: Request, tx: Tx, subscriber: str, *, keyring: Keyring, unit: str | None = None
) -> Response:
    refuse_unknown(request, (*FILTERS, "limit", "cursor"))
    filters = read_filters(request.query_params)
    limit = read_limit(request)
    purpose = f"calls:{tx.bureau}:{subscriber}:{sorted(filters.items())}"
    given = request.query_params.get("cursor")
    below = decode_cursor(keyring, purpose, given) if given is not None else None
    rows = await list_calls(tx, subscriber, filters, unit=unit, below=below, limit=limit + 1)
    more = len(rows) > limit
    cursor = encode_cursor(keyring, purpose, rows[limit - 1].number) if more else None
    return list_answer(request, [call_answer(row) for row in rows[:limit]], cursor)


def read_filters(query: Mapping[str, str]) -> dict[str, str]:
    filters = {name: query[name] for name in FILTERS if name in query}
    if filters.get("state", CALL_STATES[0]) not in CALL_STATES:
        raise Invalid.field("/state", "不在允许的取值之内")
    for name, value in filters.items():
        if not 1 <= len(value) <= LONGEST or "\0" in value:
            raise Invalid.field(f"/{name}", f"须为 1–{LONGEST} 个字符")
    return filters


def read_number(given: str) -> int:
    """An id that is none leads nowhere."""
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise NotFound
    return int(given)


def call_answer(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.number),
        "webhook_id": row.webhook_id,
        "type": row.event_type,
        "no": row.ticket_no,
        "state": row.state,
        "created_at": in_city(row.created_at).isoformat(),
        "settled_at": row.settled_at and in_city(row.settled_at).isoformat(),
        "next_try_at": in_city(row.next_try_at).isoformat() if row.tried else None,
        "replay_of": row.replay_of and str(row.replay_of),
        "tries": orjson.loads(row.tries),
        "payload": orjson.loads(bytes(row.body)),
    }
