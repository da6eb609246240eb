"""The ready file of a running stack, as far as a visitor of its public APIs needs it."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECRET_PREFIX = "whsec_"  # noqa: S105 the public mark of Standard Webhooks secrets


@dataclass(frozen=True, slots=True)
class Stack:
    """Addresses, webhook secrets by source, API keys by holder (`desk`, `leader`, unit ids)."""

    intake: str
    dispatch: str
    scoring: str
    secrets: Mapping[str, bytes]
    keys: Mapping[str, str]


def read_stack(ready: Mapping[str, Any]) -> Stack:
    return Stack(
        intake=ready["intake"],
        dispatch=ready["dispatch"],
        scoring=ready["scoring"],
        secrets={
            name: base64.b64decode(source["secret"].removeprefix(SECRET_PREFIX))
            for name, source in ready["sources"].items()
        },
        keys={**ready["keys"], **ready["unit_keys"]},
    )


def sign(secret: bytes, message_id: str, body: bytes) -> dict[str, str]:
    """Headers of Standard Webhooks 1.0; the timestamp is of real time, whatever the sandbox's."""
    timestamp = str(int(time.time()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
        "content-type": "application/json",
    }
