"""Calls of somebody from somewhere: the real app, behind an address of the test's choice."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import text

from shared.domain.words import Role
from shared.identity import issue_key
from shared.tickets import Hotline
from tests.conftest import BUREAU, running
from tests.faults.faulty import repeating


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def heard_from(app: FastAPI, peer: str) -> AsyncIterator[AsyncClient]:
    """The service, running, as it hears a connection from that address."""
    transport = repeating(ASGITransport(app, raise_app_exceptions=False, client=(peer, 40_000)))
    async with running(app), AsyncClient(transport=transport, base_url="http://minhu.test") as one:
        yield one


async def issue(hotline: Hotline, **values: Any) -> str:
    """A key of the sample bureau; its plain text."""
    wanted: dict[str, Any] = {"role": Role.DESK, "actor": "王芳", **values}
    async with hotline.database.transaction(BUREAU) as tx:
        return (await issue_key(tx.connection, BUREAU, **wanted)).plain


async def change(hotline: Hotline, statement: str, **values: Any) -> None:
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text(statement), **values)


async def ask(client: AsyncClient, token: str, headers: Mapping[str, str] = {}) -> Response:
    return await client.get("/v1/tickets", headers={**bearer(token), **headers})
