"""Who is asking, from where, and whether that token is for this call."""

from collections.abc import Collection
from typing import Annotated

from fastapi import Depends, Request

from shared.domain.words import Role
from shared.errors import Forbidden, Unauthenticated
from shared.identity import Identity, KeyStore
from shared.identity.networks import holds
from shared.identity.scopes import Doors
from shared.tickets import Hotline
from shared.web.limiting import admit_key, is_suspected
from shared.web.origin import client_of

ELSEWHERE = "此密钥只能在指定的网络中使用"


def get_hotline(request: Request) -> Hotline:
    hotline: Hotline = request.app.state.hotline
    return hotline


async def identify(request: Request) -> Identity:
    """Raises Unauthenticated; Forbidden for a token that is not for this place or this call."""
    keys: KeyStore = request.app.state.keys
    token = read_token(request)
    identity = await keys.identify(token, strangers=not is_suspected(request))
    admit_key(request, identity.actor.key or "")
    check_network(request, identity)
    check_scope(request, identity)
    return identity


def read_token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("请在 Authorization 中给出接口密钥（Bearer mh_…）")
    return token.strip()


def check_network(request: Request, identity: Identity) -> None:
    """In the same words whether the address is another, is junk, or cannot be known."""
    if identity.networks and not holds(identity.networks, client_of(request)):
        raise Forbidden(ELSEWHERE)


def check_scope(request: Request, identity: Identity) -> None:
    if identity.key_scopes is None:
        return
    doors: Doors = request.app.state.doors
    route = request.scope.get("route")
    path = request.scope["path"] if route is None else route.path
    wanted = doors.scope_of(request.method, path)
    if wanted is not None and wanted not in identity.key_scopes:
        raise Forbidden(f"此密钥没有这项权限（{wanted}）")


def require_role(identity: Identity, roles: Collection[Role]) -> None:
    if identity.actor.role not in roles:
        raise Forbidden("此密钥的角色不能使用这个接口")


HotlineState = Annotated[Hotline, Depends(get_hotline)]
Caller = Annotated[Identity, Depends(identify)]
