"""Persons sign in, see who they are here, and sign out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from pydantic import Field, SecretStr

from shared.domain.calendar import in_city
from shared.errors import Forbidden
from shared.identity.passwords import LONGEST, Doorman, TooBusy
from shared.identity.sessions import Lifetime, Opened, end_session, find_session, open_session
from shared.identity.signing_in import Attempt, NotSignedIn, admit, try_password
from shared.settings import Settings
from shared.tickets import Hotline
from shared.web.auth import Caller, HotlineState
from shared.web.bodies import Body, check_json_type, parse, read_body
from shared.web.idempotency import IdempotentCall
from shared.web.limiting import TooManyRequests, home_of
from shared.web.openapi import answers, body_of, parameter

router = APIRouter(prefix="/v1/session", tags=["登录"])
KEY = parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True)
ASKED = {"account": "wangfang", "password": "correct-horse-battery", "code": "492039"}
SHOWN = {
    "account": "wangfang",
    "actor": "王芳",
    "role": "desk",
    "unit": None,
    "scopes": None,
    "signed_in_at": "2026-11-18T08:30:00+08:00",
    "expires_at": "2026-11-18T20:30:00+08:00",
    "idle_seconds": 1800,
}
TOKEN = {"token": "mh_k7dn2m4q_…"}
BUSY_SECONDS = 5.0


class SignIn(Body):
    account: Annotated[str, Field(min_length=1, max_length=160)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST)]
    code: Annotated[str, Field(max_length=40)] = ""


@asynccontextmanager
async def open_door(app: FastAPI) -> AsyncIterator[None]:
    app.state.doorman = Doorman()
    yield


@router.post(
    "",
    status_code=201,
    summary="登录：登录名、口令、动态码或恢复码；令牌只在应答中给出这一次",
    openapi_extra=body_of(SignIn, ASKED) | {"parameters": [KEY]},
    responses=answers(TOKEN | SHOWN, status=201),
)
async def sign_in(request: Request, hotline: HotlineState) -> Response:
    check_json_type(request)
    raw = await read_body(request)
    body = parse(SignIn, raw)
    bureau, account = await find_bureau(hotline, body.account.lower())
    call = call_of(request, account, raw)
    attempt = Attempt(account, body.password.get_secret_value(), body.code, home_of(request))
    doorman: Doorman = request.app.state.doorman
    try:
        fitting = await try_password(hotline.database, bureau, attempt, doorman=doorman)
    except TooBusy:
        raise TooManyRequests(BUSY_SECONDS) from None
    response = None
    async with hotline.database.transaction(bureau, lock=call.lock(bureau)) as tx:
        row = await admit(tx, attempt, fitting, keyring=hotline.keyring)
        if row is not None:
            response = await call.find_answer(tx)
        if row is not None and response is None:
            lifetime = lifetime_of(hotline.settings)
            opened = await open_session(tx, account, lifetime=lifetime, origin="password")
            assert opened is not None
            response = token_answer(row, opened)
            await call.store(tx, response, keep_body=False)
    # A refusal is committed before it is told: it counts.
    if response is None:
        raise NotSignedIn
    return response


def call_of(request: Request, account: str, raw: bytes) -> IdempotentCall:
    """Before there is a key, the account is whose call it is. Raises where there is no such key."""
    call = IdempotentCall.of(request, f"account:{account}", raw)
    call.check_key()
    return call


async def find_bureau(hotline: Hotline, name: str) -> tuple[int, str]:
    """`wangfang` where there is one bureau, `wangfang@jingan-lvrong` where there are several.

    A bureau that is none holds no account of that name either: the first one is asked in vain.
    """
    account, _, slug = name.partition("@")
    bureaus = await hotline.slugs()
    if not bureaus:
        raise NotSignedIn
    if slug in bureaus:
        return bureaus[slug], account
    is_plain = not slug and len(bureaus) == 1
    return next(iter(bureaus.values())), account if is_plain else name


def lifetime_of(settings: Settings) -> Lifetime:
    return Lifetime(
        idle=timedelta(minutes=settings.session_idle_minutes),
        life=timedelta(hours=settings.session_hours),
    )


def token_answer(row: Any, opened: Opened, *, status: int = 201) -> Response:
    shown = {
        "token": opened.token,
        "account": row.account,
        "actor": row.actor,
        "role": row.role,
        "unit": row.unit_id,
        "scopes": None,
        "signed_in_at": in_city(opened.created_at).isoformat(),
        "expires_at": in_city(opened.expires_at).isoformat(),
        "idle_seconds": opened.idle_seconds,
    }
    return answer_unkept(shown, status)


def answer_unkept(shown: Any, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(shown), status, headers, media_type="application/json")


@router.get("", summary="我是谁：会话或密钥所代表的人、角色和权限", responses=answers(SHOWN))
async def read(hotline: HotlineState, caller: Caller) -> Response:
    actor = caller.actor
    row = None
    if caller.account is not None:
        async with hotline.database.transaction(caller.bureau, writing=False) as tx:
            row = await find_session(tx, actor.key or "")
    shown = {
        "account": caller.account,
        "actor": actor.name,
        "role": actor.role,
        "unit": actor.unit,
        "scopes": None if caller.key_scopes is None else sorted(caller.key_scopes),
        "signed_in_at": row and in_city(row.created_at).isoformat(),
        "expires_at": row and in_city(row.expires_at).isoformat(),
        "idle_seconds": row and row.idle_seconds,
    }
    return answer_unkept(shown)


@router.delete(
    "",
    summary="退出登录：会话随即失效，五秒内在所有服务生效",
    openapi_extra={"parameters": [KEY]},
    responses=answers({"status": "signed_out"}),
)
async def sign_out(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    if caller.account is None:
        raise Forbidden("接口密钥不能退出登录；不用的密钥请吊销")
    call = IdempotentCall.read(request, caller, await read_body(request))
    async with hotline.database.transaction(caller.bureau, lock=call.lock(caller.bureau)) as tx:
        stored = await call.find_answer(tx)
        if stored is not None:
            return stored
        await end_session(tx, caller.actor.key or "")
        response = answer_unkept({"status": "signed_out"})
        await call.store(tx, response)
    request.app.state.keys.forget(caller.actor.key)
    return response
