"""A platform that pushes signed messages, as the city's does. Data fictitious."""

import base64
import hashlib
import hmac
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from httpx import AsyncClient, Response

ids = itertools.count(1)
CREATED: Mapping[str, Any] = {
    "appeal_type": "complaint",
    "urgency": "normal",
    "title": "压缩站旁垃圾满溢",
    "content": "张建国来电13812345678反映：压缩站旁垃圾满溢，夜间噪声扰民。",
    "address": "静安区示例路100号旁",
    "street_name": "共和新路街道",
    "caller": {"name": "张建国", "gender": "male", "phone": "13812345678"},
    "is_anonymous": False,
    "is_confidential": False,
    "need_reply": True,
    "received_at": "2026-11-18T09:12:00+08:00",
}


@dataclass
class Platform:
    client: AsyncClient
    name: str
    secret: str

    def sign(self, message_id: str, timestamp: str, body: bytes) -> str:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{message_id}.{timestamp}.".encode() + body
        return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()

    def headers(self, body: bytes, message_id: str | None = None) -> dict[str, str]:
        message_id = message_id or f"msg-{next(ids)}"
        timestamp = str(int(time.time()))
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": self.sign(message_id, timestamp, body),
            "content-type": "application/json",
        }

    async def send(self, body: bytes, message_id: str | None = None) -> Response:
        headers = self.headers(body, message_id)
        return await self.client.post(f"/v1/webhooks/{self.name}", content=body, headers=headers)

    async def push(
        self,
        kind: str,
        *,
        at: str = "2026-11-18T09:12:00+08:00",
        message_id: str | None = None,
        **data: Any,
    ) -> Response:
        body = orjson.dumps({"type": kind, "timestamp": at, "data": data})
        return await self.send(body, message_id)

    async def create(self, upstream_no: str, **changed: Any) -> Response:
        return await self.push("ticket.created", upstream_no=upstream_no, **{**CREATED, **changed})

    async def get(self, path: str) -> Response:
        return await self.client.get(path, headers=self.headers(b""))

    async def receipt(self, pushed: Response) -> dict[str, Any]:
        answer = await self.get(f"/v1/receipts/{pushed.json()['receipt']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
