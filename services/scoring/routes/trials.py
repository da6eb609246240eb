"""试算: what a version would have made of a period. It writes nothing, not even its answer."""

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import scheme_examples as examples
from services.scoring.actions.schemes import choose_rival
from services.scoring.actions.scores import Question, Sheet
from services.scoring.actions.trials import try_scheme
from services.scoring.answers import sheet_body
from services.scoring.routes.asking import Terms, find_asked_freeze, terms_of
from services.scoring.routes.schemes import DRAFTERS, get_version
from services.scoring.routes.showing import note_figures
from services.scoring.rules.freezing import Freeze
from services.scoring.rules.periods import Period, find_period
from services.scoring.rules.schemes import Scheme
from services.scoring.scheme_answers import flip_body, move_body
from services.scoring.scheme_schemas import TrialBody
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.bodies import check_json_type, parse, read_body
from shared.web.openapi import answers, body_of

router = APIRouter(prefix="/v1/schemes", tags=["考核方案"])


@router.post(
    "/{scheme}/{version}/trial",
    summary="试算一个版本：新旧考核表、名次变动、判定改变的工单与缘由（局领导、管理员）；不写入任何数据",
    openapi_extra=body_of(TrialBody, {"period": "2026-11"}),
    responses=answers(examples.TRIAL),
)
async def try_version(
    request: Request, scheme: str, version: str, caller: Caller, hotline: HotlineState
) -> Response:
    check_json_type(request)
    raw = await read_body(request)
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        tried = (await get_version(ledger.tx, scheme, version)).scheme
        require_role(caller, DRAFTERS)
        asked = parse(TrialBody, raw)
        period = find_period(asked.period)
        assert period is not None
        rival = await choose_rival(ledger.tx, scheme, period)
        freeze = await find_asked_freeze(ledger.tx, period, revision=None, known_at=None)
        terms = await terms_of(ledger, period, freeze, scheme=None)
        trial = await try_scheme(
            ledger.tx,
            Question(period, asked.by, scope=None, freeze=freeze),
            rival=rival,
            tried=tried,
            units=terms.units,
        )
        body = {
            "before": shown(trial.before, period, asked.by, terms, scheme=rival, freeze=freeze),
            "after": shown(trial.after, period, asked.by, terms, scheme=tried, freeze=freeze),
            "moves": [move_body(move) for move in trial.moves],
            "flips": [flip_body(flip, before=rival, after=tried) for flip in trial.flips],
        }
    nos = [flip.no for flip in trial.flips]
    await note_figures(request, caller, hotline=hotline, nos=nos)
    return Response(orjson.dumps(body), media_type="application/json")


def shown(
    sheet: Sheet, period: Period, by: str, terms: Terms, *, scheme: Scheme, freeze: Freeze | None
) -> object:
    """As `GET /v1/scores` would answer it."""
    body = sheet_body(
        sheet,
        period=period,
        by=by,
        scheme=scheme,
        calendar=terms.calendar_version,
        units=terms.units,
    )
    return body if freeze is None else body | {"frozen": True, "revision": freeze.revision}
