"""A sign-in provider of the test's own: real HTTP on this machine, real keys, and every vice."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT = "minhu-desk"
SECRET = "a secret: with/signs"
Claims = dict[str, Any]


@dataclass(frozen=True)
class Signer:
    """One key of the provider's, and the algorithm it signs with."""

    kid: str
    key: Any
    algorithm: str

    @property
    def jwk(self) -> dict[str, Any]:
        kind = RSAAlgorithm if self.algorithm.startswith(("RS", "PS")) else ECAlgorithm
        public = kind.to_jwk(self.key.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    def sign(self, claims: Claims) -> str:
        return jwt.encode(claims, self.key, self.algorithm, headers={"kid": self.kid})


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def no_change(claims: Claims) -> Claims:
    return claims


@dataclass
class Issuer:
    """`change` alters what it is about to say; `mint` how it says it. `asked` counts its calls."""

    signer: Signer = field(default_factory=lambda: Signer("k1", RSA_KEY, "RS256"))
    subject: str = "person-1"
    change: Callable[[Claims], Claims] = no_change
    mint: Callable[[Claims], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    forgives_replay: bool = False
    is_away: bool = False
    url: str = ""
    asked: dict[str, int] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def log_in(self, address: str) -> str:
        """The person's browser comes, he says who he is, and is sent back with a code."""
        query = {name: one for name, (one,) in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(12)
        self.codes[code] = query
        return code

    def _discover(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            **self.metadata,
        }

    def _token(self, headers: dict[str, str], form: dict[str, str]) -> tuple[int, Any]:
        pair = base64.b64decode(headers.get("authorization", "").removeprefix("Basic ")).decode()
        is_client = pair == "minhu-desk:a%20secret%3A%20with%2Fsigns"
        given = self.codes.get(form["code"])
        if not self.forgives_replay:
            self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            not is_client
            or given is None
            or given["code_challenge"] != challenge
            or given["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": given["nonce"],
        }
        mint = self.mint or self.signer.sign
        token = mint(self.change(claims))
        return 200, {"id_token": token, "token_type": "Bearer", "access_token": "unused"}

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        self.asked[path] = self.asked.get(path, 0) + 1
        if self.is_away:
            return 502, {}
        if path.endswith("/.well-known/openid-configuration"):
            return 200, self._discover()
        if path.endswith("/jwks"):
            return 200, {"keys": [self.signer.jwk]}
        if path.endswith("/token"):
            return self._token(headers, dict(parse_qsl(body.decode())))
        return 404, {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        lines = [line.partition(":") for line in head[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        status, said = self.answer(head[0].split()[1], headers, body)
        told = orjson.dumps(said)
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(told)}\r\n\r\n".encode() + told)
        writer.write_eof()
        await reader.read()
        writer.close()


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    server = await asyncio.start_server(issuer.serve, "127.0.0.1", 0)
    issuer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/realm"
    async with server:
        yield issuer
