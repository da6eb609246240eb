"""指标与考核方案: what the figures mean and how they are weighed."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import examples
from services.scoring.answers import metric_body, scheme_body
from services.scoring.rules.metrics import METRICS
from services.scoring.rules.schemes import PRESETS
from shared.web.auth import Caller
from shared.web.cursors import list_answer
from shared.web.openapi import answers

router = APIRouter(prefix="/v1", tags=["考核"])


@router.get(
    "/metrics", summary="指标目录：含义、分子、分母、剔除", responses=answers(examples.METRICS)
)
async def list_metrics(request: Request, caller: Caller) -> Response:
    return list_answer(request, [metric_body(metric) for metric in METRICS], None)


@router.get("/schemes", summary="考核方案", responses=answers(examples.SCHEMES))
async def list_schemes(request: Request, caller: Caller) -> Response:
    return list_answer(request, [scheme_body(scheme) for scheme in PRESETS], None)
