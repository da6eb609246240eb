"""A platform's own books: what it has sent, and the list it makes of a day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson
from httpx import Response

from shared.domain.calendar import CITY_ZONE
from tests.platform import Platform, ids

Lines = Iterable["Line"]


@dataclass(frozen=True)
class Line:
    """One number as the platform knows it. `day`: of which list."""

    upstream_no: str
    received_at: datetime
    state: str = "received"
    completed_at: datetime | None = None

    @property
    def day(self) -> date:
        return self.received_at.astimezone(CITY_ZONE).date()

    def said(self, spell: Callable[[datetime], str] = datetime.isoformat) -> dict[str, Any]:
        done = self.completed_at
        return {
            "upstream_no": self.upstream_no,
            "state": self.state,
            "received_at": spell(self.received_at),
            "completed_at": None if done is None else spell(done),
        }

    def but(self, **changed: Any) -> "Line":
        return replace(self, **changed)


def list_body(day: date | str, lines: Lines) -> bytes:
    return orjson.dumps({"day": str(day), "tickets": [line.said() for line in lines]})


async def post(platform: Platform, body: bytes, message_id: str | None = None) -> Response:
    headers = platform.headers(body, message_id or f"list-{next(ids)}")
    path = f"/v1/reconciliations/{platform.name}"
    return await platform.client.post(path, content=body, headers=headers)


async def reconcile(platform: Platform, day: date | str, lines: Lines) -> dict[str, Any]:
    answer = await post(platform, list_body(day, lines))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


KINDS = ("missing_here", "missing_there", "held", "differs")


def found_in(answer: dict[str, Any]) -> dict[str, str]:
    """The kind of every number that is not the same on both sides."""
    return {one["upstream_no"]: kind for kind in KINDS for one in answer[kind]}
