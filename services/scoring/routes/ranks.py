"""名次: tier by tier, with why there is none and how many tickets it hangs on."""

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import scheme_examples as examples
from services.scoring.actions.ranks import read_standings
from services.scoring.actions.scores import Question
from services.scoring.routes.asking import (
    find_asked_freeze,
    scope_of,
    terms_of,
    wait_until_known,
)
from services.scoring.schemas import ScoresQuery
from services.scoring.scheme_answers import standings_body
from shared.web.auth import Caller, HotlineState
from shared.web.bodies import check_query
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1/ranks", tags=["考核"])


@router.get(
    "",
    summary="分档名次：得分、名次、不排名的缘由，以及几件工单就会改变名次",
    responses=answers(examples.RANKS),
    openapi_extra={
        "parameters": [
            parameter("period", "期间：YYYY-MM 或 YYYY", required=True),
            parameter("by", "分组，同考核表；默认 unit"),
            parameter("scheme", "考核方案：编号或“编号@版本”，默认 ja-default"),
            parameter("known_at", "按该时刻（含）以前所记录的计算，须带时区；默认为现在所知"),
            parameter("revision", "已定版月份的版次；默认为最新一版，不能与 known_at 同时给出"),
            parameter("adjusted", "是否计入申诉与剔除：true（默认）或 false"),
            parameter("emergency", "应急预案所涉工单：include（默认，计入）或 exclude（不计）"),
        ]
    },
)
async def show_ranks(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    query = check_query(ScoresQuery, request)
    await wait_until_known(hotline, caller.scope, query.known_at)
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        freeze = await find_asked_freeze(
            ledger.tx, query.period, revision=query.revision, known_at=query.known_at
        )
        terms = await terms_of(ledger, query.period, freeze, scheme=query.scheme)
        scheme, units = terms.scheme, terms.units
        question = Question(
            query.period,
            query.by,
            scope_of(caller.actor, ledger.rulebook),
            query.known_at,
            emergency=query.emergency == "include",
            adjusted=query.adjusted == "true",
            freeze=freeze,
        )
        standings = await read_standings(ledger.tx, question, scheme=scheme, units=units)
    body = {
        "period": {
            "id": query.period.id,
            "from": query.period.start.isoformat(),
            "to": query.period.end.isoformat(),
        },
        "by": query.by,
        "scheme": {"id": scheme.id, "version": scheme.version},
        "min_sample": scheme.min_sample,
        **standings_body(standings, by=query.by, units=units),
    }
    return Response(orjson.dumps(body), media_type="application/json")
