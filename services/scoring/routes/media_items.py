"""舆论监督: what the media reported, held against a contractor."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring.registers import MEDIA_ITEMS
from services.scoring.routes.describing import (
    LIST,
    TAKEN,
    revisions_answer,
    taking,
    withdrawing,
)
from services.scoring.routes.registering import Door, show_list, show_revisions, take, withdraw
from services.scoring.sanitation_examples import MEDIA_ITEM, MEDIA_ITEM_KEPT
from services.scoring.sanitation_schemas import MediaItemBody
from shared.web.auth import Caller, HotlineState
from shared.web.openapi import answers

router = APIRouter(prefix="/v1/media-items", tags=["环卫考核"])
DOOR = Door(MEDIA_ITEMS, MediaItemBody)


@router.post(
    "",
    status_code=201,
    summary="录入舆论监督：一条、多条，或 csv、xlsx 文件（受理员、局领导、管理员）",
    openapi_extra=taking(MediaItemBody, MEDIA_ITEM),
    responses=answers(MEDIA_ITEM_KEPT, status=201, text=TAKEN),
)
async def post(request: Request) -> Response:
    return await take(request, DOOR)


@router.get(
    "",
    summary="舆论监督（各取最新一版）",
    openapi_extra=LIST,
    responses=answers({"items": [MEDIA_ITEM_KEPT], "next_cursor": None}),
)
async def list_all(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    return await show_list(request, DOOR, hotline, caller)


@router.get(
    "/{media_item}",
    summary="一项舆论监督的各版，先旧后新",
    responses=answers({"items": [MEDIA_ITEM_KEPT], "next_cursor": None}),
)
async def revisions(
    request: Request, media_item: str, caller: Caller, hotline: HotlineState
) -> Response:
    return revisions_answer(request, await show_revisions(DOOR, media_item, hotline, caller))


@router.post(
    "/{media_item}/withdraw",
    summary="撤回一项舆论监督：另记一版，不删除（受理员、局领导、管理员）",
    openapi_extra=withdrawing(),
    responses=answers(
        {**MEDIA_ITEM_KEPT, "revision": 2, "withdrawn": {"reason": "报道所指不是本单位"}}
    ),
)
async def withdraw_one(request: Request, media_item: str) -> Response:
    return await withdraw(request, DOOR, media_item)
