"""Signed `ticket.created` messages, made before the clock runs."""

import base64
import os
import time
from collections.abc import Iterator
from itertools import count

import orjson

from shared.web.signatures import sign

PATH = "/v1/webhooks/city-12345"
CONTENT = "模拟：小区门口压缩站旁垃圾满溢，夜间清运噪声扰民，请尽快处理。" * 3
_numbers = count(1)


def make_bodies(number: int, received_at: str) -> Iterator[tuple[str, bytes]]:
    """(webhook-id, body), no two alike in the life of this process."""
    for _ in range(number):
        one = next(_numbers)
        name = f"B{os.getpid()}-{one}"
        data = {
            "upstream_no": name,
            "appeal_type": "complaint",
            "urgency": "normal",
            "title": "压缩站旁垃圾满溢",
            "content": CONTENT,
            "address": f"静安区示例路{one}号旁",
            "street_name": "共和新路街道",
            "caller": {"name": "张测试", "phone": f"1990{one:07d}"},
            "is_anonymous": False,
            "is_confidential": False,
            "need_reply": True,
            "received_at": received_at,
        }
        message = {"type": "ticket.created", "timestamp": received_at, "data": data}
        yield name, orjson.dumps(message)


def make_requests(secret: str, number: int, received_at: str) -> list[bytes]:
    """Whole HTTP requests, signed now."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp = int(time.time())
    return [
        (
            f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nwebhook-id: {name}\r\nwebhook-timestamp: {stamp}\r\n"
            f"webhook-signature: {sign(key, name, stamp, body)}\r\n\r\n"
        ).encode()
        + body
        for name, body in make_bodies(number, received_at)
    ]
