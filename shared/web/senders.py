"""Which platform is calling: it has signed, and it keeps to its limit."""

from starlette.requests import Request

from shared.identity.sources import Source, SourceStore
from shared.web.limiting import admit_source, is_suspected
from shared.web.signatures import authenticate_any, authenticate_source


async def hear_source(request: Request, raw: bytes, name: str | None = None) -> Source:
    """`name`: where the address names the platform. Raises BadSignature, TooManyRequests."""
    store: SourceStore = request.app.state.sources
    afresh = not is_suspected(request)
    if name is None:
        source = await authenticate_any(store, headers=request.headers, body=raw, afresh=afresh)
    else:
        source = await authenticate_source(
            store, name, headers=request.headers, body=raw, afresh=afresh
        )
    admit_source(request, source.bureau, source.name)
    return source
