"""考核方案: drafted, tried, put in force by another person, and kept version by version."""

import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import scheme_examples as examples
from services.scoring.actions.schemes import (
    activate_scheme,
    draft_scheme,
    find_version,
    list_versions,
)
from services.scoring.queries.schemes import hold_scheme
from services.scoring.routes.writing import KEY, write
from services.scoring.rules.versions import Version
from services.scoring.scheme_answers import version_bodies, version_body
from services.scoring.scheme_labels import NO_VERSION, OWN_SCHEME
from services.scoring.scheme_schemas import ActivationBody, SchemeBody
from shared.db import Tx
from shared.domain.words import Role
from shared.errors import Forbidden, NotFound
from shared.tickets import Ledger
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.bodies import parse
from shared.web.cursors import decode_cursor, encode_cursor, list_answer, read_limit
from shared.web.openapi import answers, body_of, parameter

router = APIRouter(prefix="/v1/schemes", tags=["考核方案"])

DRAFTERS = frozenset({Role.LEADER, Role.ADMIN})
VERSION = re.compile(r"[1-9]\d{0,8}", re.ASCII)


@router.get(
    "",
    summary="考核方案：各方案的全部版本（草案、现行、已停用）",
    responses=answers(examples.SCHEMES),
    openapi_extra={
        "parameters": [
            parameter("limit", "每页条数，默认 50，至多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
)
async def list_schemes(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    limit = read_limit(request)
    purpose = f"schemes:{caller.bureau}"
    given = request.query_params.get("cursor")
    place = decode_cursor(hotline.keyring, purpose, given) if given is not None else None
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        bodies = version_bodies(await list_versions(ledger.tx), now=ledger.now)
    places = [[body["id"], body["version"]] for body in bodies]
    start = places.index(place) + 1 if place in places else 0
    page = bodies[start : start + limit]
    following = None
    if start + limit < len(bodies):
        following = encode_cursor(hotline.keyring, purpose, places[start + limit - 1])
    return list_answer(request, page, following)


@router.get(
    "/{scheme}/{version}",
    summary="考核方案的一个版本",
    responses=answers(examples.SCHEME),
)
async def show_scheme(scheme: str, version: str, caller: Caller, hotline: HotlineState) -> Response:
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        found = await get_version(ledger.tx, scheme, version)
        body = await shown(ledger, found)
    return Response(orjson.dumps(body), media_type="application/json")


@router.post(
    "",
    status_code=201,
    summary="起草考核方案，或已有方案的下一版（局领导、管理员）",
    openapi_extra=body_of(SchemeBody, examples.DRAFT) | {"parameters": [KEY]},
    responses=answers(examples.DRAFTED, status=201, text="草案"),
)
async def draft(request: Request, caller: Caller) -> Response:
    require_role(caller, DRAFTERS)

    async def act(ledger: Ledger, raw: bytes) -> dict[str, Any]:
        body = parse(SchemeBody, raw)
        return await shown(ledger, await draft_scheme(ledger.tx, body, actor=caller.actor))

    return await write(request, caller, act, status=201)


@router.post(
    "/{scheme}/{version}/activate",
    summary="启用一个版本，自某时起施行（局领导；不得为起草人）",
    openapi_extra=body_of(ActivationBody, {"from": "2026-12"}) | {"parameters": [KEY]},
    responses=answers(examples.SCHEME),
)
async def activate(request: Request, scheme: str, version: str, caller: Caller) -> Response:
    found: list[Version] = []

    async def check(ledger: Ledger) -> None:
        await hold_scheme(ledger.tx, scheme)
        found.append(await get_version(ledger.tx, scheme, version))
        require_role(caller, (Role.LEADER,))
        if found[0].is_by(caller.actor):
            raise Forbidden(OWN_SCHEME)

    async def act(ledger: Ledger, raw: bytes) -> dict[str, Any]:
        since = parse(ActivationBody, raw).from_
        (drafted,) = found
        activated = await activate_scheme(
            ledger.tx, drafted, effective_from=since, actor=caller.actor
        )
        return await shown(ledger, activated)

    return await write(request, caller, act, check=check)


async def get_version(tx: Tx, scheme: str, version: str) -> Version:
    """Raises NotFound where there is none, or where the number is none."""
    found = None
    if VERSION.fullmatch(version) and "\0" not in scheme:
        found = await find_version(tx, scheme, int(version))
    if found is None:
        raise NotFound(NO_VERSION)
    return found


async def shown(ledger: Ledger, version: Version) -> dict[str, Any]:
    kin = await list_versions(ledger.tx, version.scheme.id)
    return version_body(version, kin, now=ledger.now)
