"""Where a call comes from. A caller's own word on it counts for nothing."""

from starlette.requests import HTTPConnection

from shared.identity.networks import Address, find_client
from shared.settings import Settings

KEY = "minhu.client"
FORWARDED = "x-forwarded-for"


def client_of(request: HTTPConnection) -> Address | None:
    """Found once per request; None where it cannot be known."""
    if KEY not in request.scope:
        settings: Settings = request.scope["app"].state.settings
        peer = request.scope.get("client")
        request.scope[KEY] = find_client(
            peer[0] if peer else None,
            request.headers.getlist(FORWARDED),
            settings.trusted_proxies,
        )
    address: Address | None = request.scope[KEY]
    return address
