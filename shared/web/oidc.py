"""The bureau's own sign-in provider: OpenID Connect, authorization code with PKCE (RFC 7636)."""

import asyncio
import base64
import hashlib
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from shared.errors import Unavailable
from shared.identity.id_tokens import NotVouchedFor, UnknownKey, read_subject
from shared.outgoing import Client, Letter, Reach, open_client
from shared.settings import MissingSetting, Settings

DISCOVERY = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
MAX_BYTES = 262_144
SECONDS = 5.0
METADATA_SECONDS = 3600.0
KEYS_SECONDS = 600.0
AGAIN_SECONDS = 5.0  # between two looks for a key that is not there, or at one who is away


class Provider:
    """One issuer. What it says of itself and its keys are remembered, and looked up anew when a
    token names a key that is not known: that is how a provider changes keys."""

    def __init__(self, settings: Settings, client: Client, secret: str | None) -> None:
        assert settings.oidc_issuer is not None
        assert settings.oidc_client_id is not None
        assert settings.oidc_redirect_url is not None
        self.issuer = settings.oidc_issuer
        self.client_id = settings.oidc_client_id
        self.redirect_url = settings.oidc_redirect_url
        self._client = client
        self._secret = secret
        self._lock = asyncio.Lock()
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}
        self._failed_at: dict[str, float] = {}

    async def metadata(self) -> dict[str, Any]:
        """Raises Unavailable; also where it is another issuer's, or incomplete."""
        found = await self._fetch(self.issuer.rstrip("/") + DISCOVERY, METADATA_SECONDS)
        if found.get("issuer") != self.issuer or not all(
            isinstance(found.get(name), str) for name in ENDPOINTS
        ):
            raise Unavailable("统一认证的配置与 MINHU_OIDC_ISSUER 不符")
        return found

    async def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the person's browser is sent to."""
        endpoint = (await self.metadata())["authorization_endpoint"]
        challenge = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_url,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(endpoint).query else "?"
        return f"{endpoint}{joint}{urlencode(asked, quote_via=quote)}"

    async def redeem(self, code: str, *, issuer: str | None, verifier: str, nonce: str) -> str:
        """The subject that a code stands for. Raises NotVouchedFor, Unavailable.

        `issuer`: who the answer says it is from (RFC 9207): a code of another provider, slipped in
        to be told to this one, is not sent on.
        """
        metadata = await self.metadata()
        says_issuer = metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.issuer and (issuer is not None or says_issuer):
            raise NotVouchedFor
        token = await self._exchange(metadata, code, verifier)
        told = {"issuer": self.issuer, "client_id": self.client_id, "nonce": nonce}
        try:
            return read_subject(token, await self._keys(metadata, KEYS_SECONDS), **told)
        except UnknownKey:
            return read_subject(token, await self._keys(metadata, AGAIN_SECONDS), **told)

    async def _keys(self, metadata: Mapping[str, Any], age: float) -> list[Any]:
        keys = (await self._fetch(metadata["jwks_uri"], age)).get("keys")
        return keys if isinstance(keys, list) else []

    async def _exchange(self, metadata: Mapping[str, Any], code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_url,
            "code_verifier": verifier,
        }
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._secret is None:
            form["client_id"] = self.client_id
        elif "client_secret_basic" in ways:
            pair = f"{quote(self.client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": self.client_id, "client_secret": self._secret}
        letter = Letter(metadata["token_endpoint"], urlencode(form).encode(), headers)
        page = await self._client.ask(letter, most=MAX_BYTES, seconds=SECONDS)
        if page.error is not None and page.error.startswith("HTTP 4"):
            raise NotVouchedFor
        token = read_object(page.body, page.error).get("id_token")
        if not isinstance(token, str):
            raise NotVouchedFor
        return token

    async def _fetch(self, url: str, age: float) -> dict[str, Any]:
        """What was read in the last `age` seconds, or is read now; one at a time asks."""
        async with self._lock:
            read_at, found = self._known.get(url, (float("-inf"), {}))
            now = time.monotonic()
            if now - self._failed_at.get(url, float("-inf")) < AGAIN_SECONDS:
                raise Unavailable("统一认证没有应答")
            if now - read_at > age:
                page = await self._client.read(
                    url, {"accept": "application/json"}, most=MAX_BYTES, seconds=SECONDS
                )
                if page.error is not None:
                    self._failed_at[url] = time.monotonic()
                found = read_object(page.body, page.error)
                self._known[url] = (now, found)
            return found


def read_object(body: bytes, error: str | None) -> dict[str, Any]:
    if error is not None:
        raise Unavailable(f"统一认证没有应答（{error}）")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable("统一认证的应答无法读懂")
    return found


@asynccontextmanager
async def open_provider(settings: Settings) -> AsyncIterator[Provider | None]:
    """None where no provider is set up."""
    if settings.oidc_issuer is None:
        yield None
        return
    secret = read_secret(settings)
    tls = None
    if settings.oidc_ca_file is not None:
        tls = ssl.create_default_context(cafile=settings.oidc_ca_file)
    reach = Reach(tuple(settings.oidc_networks), local=settings.sandbox)
    async with open_client(reach, tls=tls) as client:
        yield Provider(settings, client, secret)


def read_secret(settings: Settings) -> str | None:
    """Never from the environment itself, which others can see."""
    path = settings.oidc_secret_file
    if path is None:
        return None
    try:
        if path.stat().st_mode & 0o077:
            raise MissingSetting("MINHU_OIDC_SECRET_FILE 须只有属主可读（chmod 600）")
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise MissingSetting("无法读取 MINHU_OIDC_SECRET_FILE") from None
    return secret or None
