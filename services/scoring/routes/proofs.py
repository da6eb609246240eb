"""自检与溯源: whether the figures hold, and every figure that a ticket is in."""

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import freezing_examples as examples
from services.scoring.actions.changes import find_live_view
from services.scoring.actions.checking import Asking, check_period
from services.scoring.actions.figures import list_figures
from services.scoring.numbers import instant_text
from services.scoring.proofs import check_body, ticket_figure_body
from services.scoring.queries.barring import find_barred
from services.scoring.routes.asking import find_asked_freeze, reader_of, scope_of, terms_of
from services.scoring.routes.showing import note_figures
from services.scoring.schemas import CheckQuery
from shared.domain.words import Role
from shared.errors import Forbidden, NotFound
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.bodies import check_query
from shared.web.cursors import list_answer
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1", tags=["考核"])
CHECKERS = frozenset({Role.DESK, Role.LEADER, Role.ADMIN, Role.BI})


@router.get(
    "/scores/check",
    summary="自检：各行合计、各分组一致、与事实重数一致（受理员、局领导、管理员、全局 bi）",
    openapi_extra={
        "parameters": [
            parameter("period", "期间：YYYY-MM 或 YYYY", required=True),
            parameter("revision", "已定版月份的版次；默认为最新一版"),
        ]
    },
    responses=answers(examples.CHECK),
)
async def check_scores(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    require_role(caller, CHECKERS)
    query = check_query(CheckQuery, request)
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        if scope_of(caller.actor, ledger.rulebook) is not None:
            raise Forbidden("自检须看到全局的各行")
        freeze = await find_asked_freeze(
            ledger.tx, query.period, revision=query.revision, known_at=None
        )
        terms = await terms_of(ledger, query.period, freeze, scheme=None)
        asking = Asking(ledger.tx, query.period, terms.scheme, terms.units, freeze)
        view = await find_live_view(ledger.tx)
        results = await check_period(asking)
    body = check_body(query.period.id, instant_text(view.known_at), results)
    return Response(orjson.dumps(body), media_type="application/json")


@router.get(
    "/tickets/{no}/figures",
    summary="一件工单计入的每一个数字：现在的，和各月定版中的",
    responses=answers(examples.FIGURES),
)
async def list_ticket_figures(
    request: Request, no: str, caller: Caller, hotline: HotlineState
) -> Response:
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        scope = scope_of(caller.actor, ledger.rulebook)
        if await find_barred(ledger.tx, reader_of(caller, scope), nos=[no]):
            raise NotFound
        now, figures = await list_figures(ledger.tx, no, scope=scope)
    await note_figures(request, caller, hotline=hotline, nos=[no])
    extra = {"no": no, "known_at": instant_text(now.known_at)}
    return list_answer(request, [ticket_figure_body(one) for one in figures], None, extra=extra)
