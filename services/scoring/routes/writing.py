"""One way through every write of scoring: the same key and body replay the stored answer."""

from collections.abc import Awaitable, Callable

import orjson
from fastapi import Request
from fastapi.responses import Response

from shared.identity import Identity
from shared.tickets import Hotline, Ledger
from shared.web.bodies import check_json_type, read_body
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import parameter
from shared.web.tracing import traceparent

KEY = parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True)

Check = Callable[[Ledger], Awaitable[None]]
Act = Callable[[Ledger, bytes], Awaitable[object]]


async def write(
    request: Request, identity: Identity, act: Act, *, check: Check | None = None, status: int = 200
) -> Response:
    """`check` raises what refuses this caller, before any stored answer is given (ruling 29)."""
    check_json_type(request)
    raw = await read_body(request)
    hotline: Hotline = request.app.state.hotline
    call = IdempotentCall.read(request, identity, raw)
    async with hotline.ledger(
        identity.scope, lock=call.lock(identity.bureau), trace=traceparent(request.scope)
    ) as ledger:
        if check is not None:
            await check(ledger)
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        body = await act(ledger, raw)
        response = Response(orjson.dumps(body), status, media_type="application/json")
        await call.store(ledger.tx, response)
    return response
