"""The feed of events, for unit systems and the desk to follow."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch import queries
from services.dispatch.history import feed_items
from services.dispatch.routes.examples import EVENT
from services.dispatch.routes.perform import check_visible
from shared.domain.words import Role
from shared.web.auth import Caller, HotlineState
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1/events", tags=["事件"])
START = (0, 0)


@router.get(
    "",
    summary="事件流（CloudEvents 1.0）：从 after 之后起，并发写入也不漏不重",
    openapi_extra={
        "parameters": [
            parameter("after", "上次给出的 next_cursor；不给则从头"),
            parameter("limit", "每页条数，默认 50，最多 500"),
        ]
    },
    responses=answers({"items": [EVENT], "next_cursor": "…"}),
)
async def list_feed(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    """Always answers a `next_cursor`: where to go on later (ruling 51)."""
    actor = caller.actor
    if actor.role is Role.BI:
        check_visible(None, actor)
    unit = actor.unit if actor.role is Role.UNIT else None
    refuse_unknown(request, ("after", "limit"))
    limit = read_limit(request)
    purpose = f"feed:{caller.bureau}:{unit or '*'}"
    given = request.query_params.get("after")
    xid, position = START
    if given is not None:
        xid, position = decode_cursor(hotline.keyring, purpose, given, parameter="after")
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        rows = await queries.list_feed(
            ledger.tx, unit=unit, xid=xid, position=position, limit=limit
        )
    if rows:
        xid, position = int(rows[-1].xid), rows[-1].position
    cursor = encode_cursor(hotline.keyring, purpose, (xid, position))
    return list_answer(request, feed_items(rows, caller.bureau), cursor, parameter="after")
