"""Persons sign in at the bureau's own provider and come back with its word for who they are."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from services.dispatch.routes.session import SHOWN, TOKEN, lifetime_of, token_answer
from shared.errors import Forbidden, NotFound
from shared.identity.accounts import find_subject
from shared.identity.id_tokens import NotVouchedFor
from shared.identity.sessions import open_session
from shared.outgoing.addresses import LOOPBACK
from shared.tickets import Hotline
from shared.vault.keyring import SealBroken
from shared.web.auth import HotlineState
from shared.web.oidc import Provider, open_provider
from shared.web.openapi import PROBLEM, answers, parameter

router = APIRouter(prefix="/v1/session/oidc", tags=["登录"])
COOKIE = "minhu_login"
CONTEXT = "oidc-login"
MINUTES = 10
LONGEST = 2048
NOT_SET_UP = "本系统没有设置统一认证"
NOBODY = "此人在本系统没有账号，请联系管理员"
AWAY = "https://login.example.org/authorize?response_type=code&client_id=minhu&state=…"
LEAVES: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "转往统一认证的登录页",
        "headers": {"Location": {"schema": {"type": "string"}, "example": AWAY}},
    },
    "default": PROBLEM,
}


@asynccontextmanager
async def open_gate(app: FastAPI) -> AsyncIterator[None]:
    async with open_provider(app.state.hotline.settings) as provider:
        app.state.provider = provider
        yield


def provider_of(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound(NOT_SET_UP)
    return provider


@router.get("", status_code=302, summary="经统一认证登录：转往其登录页", responses=LEAVES)
async def leave(request: Request, hotline: HotlineState) -> Response:
    provider = provider_of(request)
    login = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    response = RedirectResponse(await provider.address(**login), 302)
    sealed, key = hotline.keyring.seal(orjson.dumps({**login, "at": time.time()}), CONTEXT)
    response.set_cookie(
        COOKIE,
        f"{key}.{base64.urlsafe_b64encode(sealed).decode()}",
        max_age=MINUTES * 60,
        path=router.prefix,
        secure=urlsplit(provider.redirect_url).hostname not in LOOPBACK,
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get(
    "/callback",
    status_code=201,
    summary="由统一认证返回：换得会话，令牌只在应答中给出这一次",
    openapi_extra={
        "parameters": [
            parameter("code", "统一认证给出的授权码"),
            parameter("state", "登录开始时给出的值，须与本浏览器的相同"),
            parameter("iss", "授权码的签发者（RFC 9207）"),
        ]
    },
    responses=answers(TOKEN | SHOWN, status=201),
)
async def come_back(request: Request, hotline: HotlineState) -> Response:
    provider = provider_of(request)
    login = read_login(request, hotline)
    code = one_of_query(request, "code")
    subject = await provider.redeem(
        code or "",
        issuer=one_of_query(request, "iss"),
        verifier=login["verifier"],
        nonce=login["nonce"],
    )
    response = await enter(hotline, provider, subject, login)
    response.delete_cookie(COOKIE, path=router.prefix)
    return response


def read_login(request: Request, hotline: Hotline) -> Any:
    """What this browser was given when it left. Raises NotVouchedFor where it is another, where
    that was too long ago, and where the provider tells of an error."""
    key, _, sealed = request.cookies.get(COOKIE, "").partition(".")
    state = one_of_query(request, "state")
    try:
        plain = hotline.keyring.unseal(base64.urlsafe_b64decode(sealed), key, CONTEXT)
    except (SealBroken, ValueError):
        raise NotVouchedFor from None
    login = orjson.loads(plain)
    is_this = state is not None and hmac.compare_digest(state.encode(), login["state"].encode())
    is_late = time.time() - login["at"] > MINUTES * 60
    is_twofold = len(request.query_params.getlist("iss")) > 1
    if not is_this or is_late or is_twofold or one_of_query(request, "code") is None:
        raise NotVouchedFor
    return login


def one_of_query(request: Request, name: str) -> str | None:
    """Given once, and not too long: of two, one reader might see the one, another the other."""
    given = request.query_params.getlist(name)
    return given[0] if len(given) == 1 and 1 <= len(given[0]) <= LONGEST else None


async def enter(hotline: Hotline, provider: Provider, subject: str, login: Any) -> Response:
    """A session for the account that the administrator has given this subject."""
    for bureau in await hotline.bureaus():
        async with hotline.database.transaction(bureau) as tx:
            row = await find_subject(tx, issuer=provider.issuer, subject=subject)
            if row is None:
                continue
            opened = await open_session(
                tx,
                row.account,
                lifetime=lifetime_of(hotline.settings),
                origin="oidc",
                login_hash=hashlib.sha256(login["state"].encode()).digest(),
            )
            if opened is None:
                raise NotVouchedFor
            return token_answer(row, opened)
    raise Forbidden(NOBODY)
