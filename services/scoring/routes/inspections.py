"""道路保洁检查: scores of road segments by month and contractor, and the register of roads."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring.registers import INSPECTIONS
from services.scoring.routes.describing import (
    LIST,
    TAKEN,
    revisions_answer,
    taking,
    withdrawing,
)
from services.scoring.routes.registering import Door, show_list, show_revisions, take, withdraw
from services.scoring.sanitation_examples import INSPECTION, INSPECTION_KEPT
from services.scoring.sanitation_schemas import InspectionBody
from shared.web.auth import Caller, HotlineState
from shared.web.openapi import answers

router = APIRouter(prefix="/v1/inspections", tags=["环卫考核"])
DOOR = Door(INSPECTIONS, InspectionBody)


@router.post(
    "",
    status_code=201,
    summary="录入道路保洁检查：一条、多条，或 csv、xlsx 文件（受理员、局领导、管理员）",
    openapi_extra=taking(InspectionBody, INSPECTION),
    responses=answers(INSPECTION_KEPT, status=201, text=TAKEN),
)
async def post(request: Request) -> Response:
    return await take(request, DOOR)


@router.get(
    "",
    summary="道路保洁检查（各取最新一版）",
    openapi_extra=LIST,
    responses=answers({"items": [INSPECTION_KEPT], "next_cursor": None}),
)
async def list_all(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    return await show_list(request, DOOR, hotline, caller)


@router.get(
    "/{inspection}",
    summary="一项检查的各版，先旧后新",
    responses=answers({"items": [INSPECTION_KEPT], "next_cursor": None}),
)
async def revisions(
    request: Request, inspection: str, caller: Caller, hotline: HotlineState
) -> Response:
    return revisions_answer(request, await show_revisions(DOOR, inspection, hotline, caller))


@router.post(
    "/{inspection}/withdraw",
    summary="撤回一项检查：另记一版，不删除（受理员、局领导、管理员）",
    openapi_extra=withdrawing(),
    responses=answers({**INSPECTION_KEPT, "revision": 2, "withdrawn": {"reason": "路段有误"}}),
)
async def withdraw_one(request: Request, inspection: str) -> Response:
    return await withdraw(request, DOOR, inspection)
