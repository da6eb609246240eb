"""One way to make a service: its routers, and what every service has."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware

from shared.identity import KeyStore
from shared.identity.scopes import Doors
from shared.settings import Settings
from shared.tickets import Hotline
from shared.web.counting import Tally
from shared.web.health import router as health_router
from shared.web.limiting import Limited, Limits
from shared.web.measuring import Measured, Measures
from shared.web.openapi import secure
from shared.web.paths import CleanPaths
from shared.web.problems import render_problems
from shared.web.sandbox import router as sandbox_router
from shared.web.tracing import TraceHeader

VERSION = "0.1.0"


class Bell(Protocol):
    """Tells the workers that there is work. Its failure loses nothing."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def ring(self) -> None: ...
    async def answers(self) -> bool: ...


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(
    settings: Settings,
    *,
    title: str,
    routers: Sequence[APIRouter],
    bell: Bell,
    tally: Tally,
    doors: Doors,
    lifespans: Sequence[Lifespan] = (),
    inner: Sequence[Middleware] = (),
) -> FastAPI:
    """`app.state` holds `hotline`, `keys`, `bell`; `lifespans` open what one service alone has.

    `doors`: what a key must be for, to be used here. `inner`: middlewares behind the one that
    traces, before the routes.
    """
    shown = settings.docs or settings.sandbox

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            hotline = Hotline.open(settings)
            stack.push_async_callback(hotline.close)
            hotline.ring = bell.ring
            app.state.hotline = hotline
            app.state.keys = KeyStore(hotline.database)
            await app.state.keys.start()
            stack.push_async_callback(app.state.keys.stop)
            await bell.start()
            stack.push_async_callback(bell.stop)
            if limits is not None:
                await stack.enter_async_context(limits.shared())
            for one in lifespans:
                await stack.enter_async_context(one(app))
            yield

    # No limits in the sandbox, whose year passes in minutes (ruling 12).
    limits = None if settings.sandbox else Limits(settings, tally)
    limited = [] if limits is None else [Middleware(Limited, limits=limits)]
    measures = Measures()
    app = FastAPI(
        title=title,
        version=VERSION,
        lifespan=lifespan,
        docs_url="/docs" if shown else None,
        redoc_url=None,
        openapi_url="/openapi.json",
        middleware=[
            Middleware(Measured, measures=measures),
            Middleware(TraceHeader),
            *limited,
            Middleware(CleanPaths),
            *inner,
        ],
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.bell = bell
    app.state.doors = doors
    app.state.limits = limits
    app.state.measures = measures
    render_problems(app)
    for router in (health_router, *routers):
        app.include_router(router)
    if settings.sandbox:
        app.include_router(sandbox_router)
    describe(app, routers)
    return app


def describe(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """OpenAPI 3.1 with the schemas that hand-read bodies name (`shared.web.openapi`)."""
    written = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, routes=app.routes, openapi_version="3.1.0"
            )
            hoist_definitions(schema)
            secure(schema)
            app.openapi_schema = schema
        return written()

    app.openapi = openapi  # type: ignore[method-assign]


def hoist_definitions(schema: dict[str, Any]) -> None:
    """Moves `$defs` of inlined models to the document's components, where their $refs point."""
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for path in schema.get("paths", {}).values():
        for operation in path.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                components.update(media.get("schema", {}).pop("$defs", {}))
