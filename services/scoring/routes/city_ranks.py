"""市级排名: imported league tables, and how long we have been at their top."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import examples
from services.scoring.answers import city_rank_body
from services.scoring.queries.city_ranks import list_city_ranks
from services.scoring.rules.streaks import longest_streak
from services.scoring.schemas import CityRanksQuery
from shared.errors import Invalid
from shared.web.auth import Caller, HotlineState
from shared.web.bodies import check_query
from shared.web.cursors import decode_cursor, encode_cursor, list_answer, read_limit
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1/city-ranks", tags=["考核"])

FIRST, LAST = "2000-01", "2099-12"


@router.get(
    "",
    summary="市级排名（上级平台发布，按月）与连续前三的月数",
    responses=answers(examples.CITY_RANKS),
    openapi_extra={
        "parameters": [
            parameter("from", "起始月份：YYYY-MM"),
            parameter("to", "截止月份：YYYY-MM；连续月数以此前最后一个已导入的月份为止"),
            parameter("scope", "排名范围；默认全部"),
            parameter("limit", "每页条数，默认 50，至多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
)
async def show_city_ranks(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    query = check_query(CityRanksQuery, request)
    limit = read_limit(request)
    since, until = query.from_ or FIRST, query.to or LAST
    if since > until:
        raise Invalid.field("/from", "起始月份不得晚于截止月份")
    purpose = f"city-ranks:{caller.bureau}:{since}:{until}:{query.scope}"
    after = ["", ""]
    if query.cursor is not None:
        after = decode_cursor(hotline.keyring, purpose, query.cursor)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        ranks = [
            one
            for one in await list_city_ranks(ledger.tx, until)
            if query.scope is None or one.scope == query.scope
        ]
    left = [one for one in ranks if one.period >= since and [one.period, one.scope] > after]
    page = left[:limit]
    following = None
    if len(left) > limit:
        following = encode_cursor(hotline.keyring, purpose, [page[-1].period, page[-1].scope])
    streak = longest_streak((one.scope, one.period, one.rank) for one in ranks)
    items = [city_rank_body(one) for one in page]
    return list_answer(request, items, following, extra={"streak_top3": streak})
