"""Idempotent writes: the answer is stored in the action's own transaction (ruling 33).

A second call while the first runs meets a transaction-level advisory lock, which no kill leaves
behind. Only answers of actions that took place are stored.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import text

from shared.db import Tx
from shared.errors import Conflict, ErrorKind, HotlineError, Invalid
from shared.identity import Identity

HEADER = "idempotency-key"
MAX_LENGTH = 255

FIND_ANSWER = text(
    "SELECT request_hash, status, answer, etag FROM idempotency_keys"
    " WHERE bureau_id = :bureau AND key_id = :key AND idempotency_key = :idempotency_key"
)
STORE_ANSWER = text(
    "INSERT INTO idempotency_keys"
    " (bureau_id, key_id, idempotency_key, request_hash, status, answer, etag)"
    " VALUES (:bureau, :key, :idempotency_key, :request_hash, :status, :answer, :etag)"
)


def named_by(key: str) -> str:
    """How a key is kept: callers choose them, some from a citizen's number."""
    return hashlib.sha256(key.encode()).hexdigest()


class InFlight(HotlineError):
    kind = ErrorKind.CONFLICT
    code = "idempotency-in-flight"
    title = "同一幂等键的请求正在处理"


class KeyReused(HotlineError):
    kind = ErrorKind.INVALID
    code = "idempotency-key-reused"
    title = "同一幂等键用于了不同的请求"


@dataclass(frozen=True, slots=True)
class IdempotentCall:
    """`lock` names the call in Postgres; `hash` is over method, path and body.

    Without `needs_key` a call may come without a key, and is then its own guard.
    """

    key: str
    idempotency_key: str | None
    hash: bytes
    needs_key: bool = True

    @classmethod
    def read(
        cls, request: Request, identity: Identity, raw: bytes, *, needs_key: bool = True
    ) -> "IdempotentCall":
        return cls.of(request, identity.actor.key or "", raw, needs_key=needs_key)

    @classmethod
    def of(
        cls, request: Request, key: str, raw: bytes, *, needs_key: bool = True
    ) -> "IdempotentCall":
        """`key`: whose call it is, where that is no key yet."""
        head = f"{request.method} {request.url.path}\n".encode()
        return cls(
            key=key,
            idempotency_key=request.headers.get(HEADER),
            hash=hashlib.sha256(head + raw).digest(),
            needs_key=needs_key,
        )

    def lock(self, bureau: int) -> int:
        """0 means no lock, and is that of a call without a key."""
        if self.idempotency_key is None:
            return 0
        name = f"{bureau}:{self.key}:{self.idempotency_key}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True) or 1

    def check_key(self) -> str | None:
        """The key. Raises where it is missing, or is none."""
        key = self.idempotency_key
        if key is None and not self.needs_key:
            return None
        if key is None or not 1 <= len(key) <= MAX_LENGTH:
            raise Invalid.field("/Idempotency-Key", f"写操作须带 1–{MAX_LENGTH} 个字符的幂等键")
        return key

    async def find_answer(self, tx: Tx) -> Response | None:
        """The stored answer, or None. Raises what is wrong with the key itself."""
        key = self.check_key()
        if key is None:
            return None
        if not tx.locked:
            raise InFlight
        named = named_by(key)
        row = await tx.row(FIND_ANSWER, bureau=tx.bureau, key=self.key, idempotency_key=named)
        return None if row is None else self._replay(row)

    async def store(self, tx: Tx, response: Response, *, keep_body: bool = True) -> None:
        """`keep_body=False` for answers that show a secret: only the fact is kept."""
        if self.idempotency_key is None:
            return
        await tx.run(
            STORE_ANSWER,
            bureau=tx.bureau,
            key=self.key,
            idempotency_key=named_by(self.idempotency_key),
            request_hash=self.hash,
            status=response.status_code,
            answer=bytes(response.body) if keep_body else None,
            etag=response.headers.get("etag"),
        )

    def _replay(self, row: Any) -> Response:
        if bytes(row.request_hash) != self.hash:
            raise KeyReused
        if row.answer is None:
            raise Conflict("此幂等键的应答含保密内容，不能重放")
        headers = {"Idempotent-Replayed": "true"} | ({"ETag": row.etag} if row.etag else {})
        return Response(bytes(row.answer), row.status, headers, "application/json")
