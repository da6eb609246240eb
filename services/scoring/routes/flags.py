"""疑点: doings that look made for the figures, for people to look into. Nothing follows."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring.labels import DOINGS, FLAGS
from services.scoring.queries.barring import find_barred
from services.scoring.queries.gaming import list_deeds
from services.scoring.routes.asking import reader_of, scope_of
from services.scoring.rules.gaming import Flag, find_flags
from services.scoring.schemas import FlagsQuery
from shared.domain.calendar import in_city
from shared.web.auth import Caller, HotlineState
from shared.web.bodies import check_query
from shared.web.cursors import list_answer, refuse_unknown
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1/flags", tags=["考核"])
MOST_TICKETS = 50
FLAG: dict[str, Any] = {
    "kind": "bulk_contacts",
    "label": "短时间内批量登记联系",
    "doing": "contact",
    "doing_label": "先行联系",
    "unit": "sanitation-section",
    "person": "李强",
    "count": 12,
    "from": "2026-11-18T17:20:00+08:00",
    "to": "2026-11-18T17:26:00+08:00",
    "tickets": ["T20261118-000731", "T20261118-000732"],
}


@router.get(
    "",
    summary="疑点：批量联系、卡点反馈、雷同答复，供人核查，不影响任何得分",
    description="按来件所在期间列出。承办单位看得到关于自己的每一条；这里只读，不扣分、不改任何判定。",
    responses=answers({"items": [FLAG], "next_cursor": None}),
    openapi_extra={"parameters": [parameter("period", "期间：YYYY-MM 或 YYYY", required=True)]},
)
async def list_flags(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    refuse_unknown(request, ("period",))
    period = check_query(FlagsQuery, request).period
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        scope = scope_of(caller.actor, ledger.rulebook)
        flags = find_flags(await list_deeds(ledger.tx, period, scope=scope))
        named = {deed.no for flag in flags for deed in flag.deeds}
        barred = await find_barred(ledger.tx, reader_of(caller, scope), nos=named)
    return list_answer(request, [flag_body(flag, barred) for flag in flags], None)


def flag_body(flag: Flag, barred: frozenset[int | str]) -> dict[str, Any]:
    nos = dict.fromkeys(deed.no for deed in flag.deeds if deed.no not in barred)
    return {
        "kind": flag.kind,
        "label": FLAGS[flag.kind],
        "doing": flag.doing,
        "doing_label": DOINGS[flag.doing],
        "unit": flag.unit,
        "person": flag.person,
        "count": len(flag.deeds),
        "from": in_city(flag.deeds[0].at).isoformat(),
        "to": in_city(flag.deeds[-1].at).isoformat(),
        "tickets": list(nos)[:MOST_TICKETS],
    }
