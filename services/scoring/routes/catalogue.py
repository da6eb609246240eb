"""指标: what the figures mean."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import examples
from services.scoring.answers import metric_body
from services.scoring.rules.metrics import METRICS
from shared.web.auth import Caller
from shared.web.cursors import list_answer
from shared.web.openapi import answers

router = APIRouter(prefix="/v1", tags=["考核"])


@router.get(
    "/metrics", summary="指标目录：含义、分子、分母、剔除", responses=answers(examples.METRICS)
)
async def list_metrics(request: Request, caller: Caller) -> Response:
    return list_answer(request, [metric_body(metric) for metric in METRICS], None)
