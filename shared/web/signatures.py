"""Standard Webhooks 1.0: what platforms sign and what we sign back.

HMAC-SHA256 over `{id}.{timestamp}.{body}`, base64, `v1,` before each signature. The timestamp is
checked against real time, whatever the sandbox's clock says.
"""

import base64
import hmac
import time
from collections.abc import Mapping, Sequence

from shared.errors import ErrorKind, HotlineError
from shared.identity.sources import Source, SourceStore

TOLERANCE_SECONDS = 300
VERSION = "v1,"
MAX_ID = 255
NOBODY = Source(bureau=0, name="", secrets=(bytes(32),))  # so that an unknown name costs the same


class BadSignature(HotlineError):
    """One answer for a wrong signature, an old one, and a source that is not there."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "bad-signature"
    title = "签名无效"


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = f"{message_id}.{timestamp}.".encode("latin-1") + body
    return VERSION + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def signed_headers(secret: bytes, message_id: str, body: bytes) -> dict[str, str]:
    """The three headers of a message we send now."""
    timestamp = int(time.time())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
    }


def signed_by(secrets: Sequence[bytes], message_id: str, body: bytes) -> dict[str, str]:
    """Signed with every live secret, so that a receiver may change over when it likes."""
    headers = signed_headers(secrets[0], message_id, body)
    timestamp = int(headers["webhook-timestamp"])
    signatures = [sign(secret, message_id, timestamp, body) for secret in secrets]
    return {
        **headers,
        "webhook-signature": " ".join(signatures),
        "idempotency-key": message_id,
        "content-type": "application/json",
    }


async def authenticate_source(
    store: SourceStore,
    name: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    afresh: bool = True,
) -> Source:
    """The source of that name, when one of its live secrets has signed.

    `afresh`: before refusing, the secrets are looked up anew.
    """
    asked_at = time.monotonic()
    source = (await store.read()).get(name, NOBODY)
    if is_signed(source, headers, body):
        return source
    if not afresh:
        raise BadSignature
    # It may have been added, or its secret rotated, since we last looked.
    source = (await store.reload(asked_at)).get(name, NOBODY)
    if source is not NOBODY and is_signed(source, headers, body):
        return source
    raise BadSignature


async def authenticate_any(
    store: SourceStore, *, headers: Mapping[str, str], body: bytes, afresh: bool = True
) -> Source:
    """The source whose live secret has signed, where the address does not name one (ruling 49)."""
    asked_at = time.monotonic()
    found = find_signer(await store.read(), headers, body)
    if found is None and afresh:
        found = find_signer(await store.reload(asked_at), headers, body)
    if found is None:
        raise BadSignature
    return found


def find_signer(
    known: Mapping[str, Source], headers: Mapping[str, str], body: bytes
) -> Source | None:
    return next((one for one in known.values() if is_signed(one, headers, body)), None)


def is_signed(source: Source, headers: Mapping[str, str], body: bytes) -> bool:
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not is_message_id(message_id) or not is_recent(timestamp):
        return False
    given = [part.encode("latin-1") for part in headers.get("webhook-signature", "").split()]
    matched = False
    for secret in source.secrets:
        expected = sign(secret, message_id, int(timestamp), body).encode()
        for one in given:
            matched |= hmac.compare_digest(expected, one)
    return matched and source is not NOBODY


def is_message_id(text: str) -> bool:
    return 1 <= len(text) <= MAX_ID and text.isascii() and text.isprintable() and " " not in text


def is_recent(timestamp: str) -> bool:
    """Whole seconds, as they will be signed: no sign, no leading zero."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    exact = str(int(timestamp)) == timestamp
    return exact and abs(time.time() - int(timestamp)) <= TOLERANCE_SECONDS
