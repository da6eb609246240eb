"""The desk's side of the sanitation assessment, over HTTP. Data fictitious."""

import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response
from openpyxl import Workbook

from services.scoring.sheets import CSV, XLSX

CONTRACTOR = "chengfa-sanitation"
OTHER = "chengfa-greening"
ROAD = "江宁路"
calls = itertools.count(1)


@dataclass
class Office:
    """Calls the scoring API as one of the sample keys; every write has a key of its own."""

    client: AsyncClient
    keys: Mapping[str, str]

    async def get(self, path: str, who: str = "leader", **query: str) -> Response:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        return await self.client.get(f"/v1/{path}", params=query, headers=headers)

    async def read(self, path: str, who: str = "leader", **query: str) -> Any:
        answer = await self.get(path, who, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any, who: str = "desk", key: str = "") -> Response:
        return await self.client.post(f"/v1/{path}", json=body, headers=self._headers(who, key))

    async def send(
        self, path: str, raw: bytes, media_type: str = CSV, who: str = "desk"
    ) -> Response:
        headers = {**self._headers(who), "Content-Type": media_type}
        return await self.client.post(f"/v1/{path}", content=raw, headers=headers)

    async def inspect(self, **values: Any) -> Any:
        answer = await self.post("inspections", inspection(**values))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def row(self, contractor: str = CONTRACTOR, **query: str) -> Any:
        """The contractor's line of November."""
        body = await self.read("sanitation", **{"period": "2026-11", **query})
        return next((row for row in body["rows"] if row["contractor"] == contractor), None)

    async def deductions(self, who: str = "leader", **query: str) -> Any:
        body = await self.read("deductions", who, **{"period": "2026-11", **query})
        return body["items"]

    def _headers(self, who: str, key: str = "") -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.keys[who]}",
            "Idempotency-Key": key or f"office-{next(calls)}",
        }


def inspection(**values: Any) -> dict[str, Any]:
    return {
        "month": "2026-11",
        "contractor": CONTRACTOR,
        "road": ROAD,
        "score": "94.50",
        "inspected_on": "2026-11-12",
        **values,
    }


def media_item(**values: Any) -> dict[str, Any]:
    return {
        "month": "2026-11",
        "contractor": CONTRACTOR,
        "title": "示例路清晨作业噪声扰民",
        "published_on": "2026-11-15",
        "outlet": "示例晚报",
        **values,
    }


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


__all__ = ["CONTRACTOR", "CSV", "OTHER", "ROAD", "XLSX", "Office", "inspection", "media_item"]
