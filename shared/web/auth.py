"""Who is asking, read from `Authorization: Bearer`."""

from collections.abc import Collection
from typing import Annotated

from fastapi import Depends, Request

from shared.domain.words import Role
from shared.errors import Forbidden, Unauthenticated
from shared.identity import Identity, KeyStore
from shared.tickets import Hotline


def get_hotline(request: Request) -> Hotline:
    hotline: Hotline = request.app.state.hotline
    return hotline


async def identify(request: Request) -> Identity:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("请在 Authorization 中给出接口密钥（Bearer mh_…）")
    keys: KeyStore = request.app.state.keys
    return await keys.identify(token.strip())


def require_role(identity: Identity, roles: Collection[Role]) -> None:
    if identity.actor.role not in roles:
        raise Forbidden("此密钥的角色不能使用这个接口")


HotlineState = Annotated[Hotline, Depends(get_hotline)]
Caller = Annotated[Identity, Depends(identify)]
