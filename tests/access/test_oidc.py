"""Sign-in at the bureau's own provider: the way in, and everybody it must not let in."""

import base64
import hmac
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx import AsyncClient, Response

from services.dispatch.app import create_app
from shared.domain.words import Role
from shared.identity.accounts import add_account, set_disabled
from shared.settings import MissingSetting, Settings
from shared.tickets import Hotline
from shared.web.oidc import read_secret
from tests.access.asking import ask, bearer, heard_from
from tests.access.provider import (
    CLIENT,
    EC_KEY,
    OTHER_KEY,
    RSA_KEY,
    SECRET,
    Claims,
    Issuer,
    Signer,
    issuing,
)
from tests.conftest import BUREAU

CALLBACK = "/v1/session/oidc/callback"
REFUSED = "统一认证没有通过，请重新登录"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as opened:
        yield opened


@pytest.fixture
async def desk(
    settings: Settings, issuer: Issuer, hotline: Hotline, tmp_path: Path
) -> AsyncIterator[AsyncClient]:
    """The service, set up with the provider, and one person whom the administrator has added."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    changed = {
        "oidc_issuer": issuer.url,
        "oidc_client_id": CLIENT,
        "oidc_secret_file": secret,
        "oidc_redirect_url": "http://localhost/v1/session/oidc/callback",
    }
    async with hotline.database.transaction(BUREAU) as tx:
        person = {"issuer": issuer.url, "subject": "person-1"}
        await add_account(tx, "wangfang", actor="王芳", role=Role.DESK, **person)
    async with heard_from(create_app(settings.model_copy(update=changed)), "127.0.0.1") as client:
        yield client


async def leave(desk: AsyncClient) -> tuple[str, str]:
    """Where the browser is sent, and the state it carries."""
    answer = await desk.get("/v1/session/oidc")
    assert answer.status_code == 302, answer.text
    address = answer.headers["location"]
    return address, parse_qs(urlsplit(address).query)["state"][0]


async def log_in(desk: AsyncClient, issuer: Issuer, **given: str) -> Response:
    address, state = await leave(desk)
    code = issuer.log_in(address)
    return await desk.get(CALLBACK, params={"code": code, "state": state, **given})


def is_refused(answer: Response) -> bool:
    return answer.status_code == 401 and answer.json()["detail"] == REFUSED


async def test_a_person_whom_the_provider_vouches_for_gets_a_session(
    desk: AsyncClient, issuer: Issuer
) -> None:
    answer = await log_in(desk, issuer)

    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert (shown["account"], shown["actor"], shown["role"]) == ("wangfang", "王芳", "desk")
    assert (await ask(desk, shown["token"])).status_code == 200
    seen = await desk.get("/v1/session", headers=bearer(shown["token"]))
    assert seen.json()["account"] == "wangfang"


async def test_the_cookie_is_for_this_browser_this_way_alone(
    desk: AsyncClient, settings: Settings, issuer: Issuer
) -> None:
    set_cookie = (await desk.get("/v1/session/oidc")).headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie
    assert "path=/v1/session/oidc" in set_cookie
    assert "secure" not in set_cookie
    state = parse_qs(urlsplit((await desk.get("/v1/session/oidc")).headers["location"]).query)
    assert state["state"][0] not in set_cookie

    changed = {
        "oidc_issuer": issuer.url,
        "oidc_client_id": CLIENT,
        "oidc_redirect_url": "https://dispatch.example.org/v1/session/oidc/callback",
    }
    async with heard_from(create_app(settings.model_copy(update=changed)), "127.0.0.1") as public:
        assert "; secure" in (await public.get("/v1/session/oidc")).headers["set-cookie"].lower()


Mint = Callable[[Claims], str]


def unsigned(claims: Claims) -> str:
    return jwt.encode(claims, "", "none")


def with_public_key_as_secret(claims: Claims) -> str:
    """The old confusion: an HMAC whose secret is the key that everybody may read."""
    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    parts = [base64.urlsafe_b64encode(orjson.dumps(one)).rstrip(b"=") for one in (head, claims)]
    signed = b".".join(parts)
    tag = base64.urlsafe_b64encode(hmac.digest(pem, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + tag).decode()


def with_own_key_in_header(claims: Claims) -> str:
    jwk = Signer("k1", OTHER_KEY, "RS256").jwk
    return jwt.encode(claims, OTHER_KEY, "RS256", headers={"kid": "k1", "jwk": jwk})


def tampered(claims: Claims) -> str:
    head, _, tag = Signer("k1", RSA_KEY, "RS256").sign(claims).split(".")
    body = base64.urlsafe_b64encode(orjson.dumps({**claims, "sub": "person-2"})).rstrip(b"=")
    return f"{head}.{body.decode()}.{tag}"


MINTS: dict[str, Mint] = {
    "no algorithm": unsigned,
    "public key as a secret": with_public_key_as_secret,
    "another's key under the same id": Signer("k1", OTHER_KEY, "RS256").sign,
    "a key brought along": with_own_key_in_header,
    "another kind of key under the same id": Signer("k1", EC_KEY, "ES256").sign,
    "another algorithm than the key's": Signer("k1", RSA_KEY, "RS512").sign,
    "changed after signing": tampered,
    "a critical extension": lambda claims: jwt.encode(
        claims, RSA_KEY, "RS256", headers={"kid": "k1", "crit": ["exp"], "exp": 1}
    ),
    "no token at all": lambda _: "not.a.token",
    "endless": lambda claims: Signer("k1", RSA_KEY, "RS256").sign({**claims, "x": "y" * 20_000}),
}


@pytest.mark.parametrize("vice", MINTS)
async def test_a_token_that_the_provider_has_not_signed_is_refused(
    desk: AsyncClient, issuer: Issuer, vice: str
) -> None:
    issuer.mint = MINTS[vice]

    assert is_refused(await log_in(desk, issuer))


CHANGES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://elsewhere.example.org"},
    "another audience": {"aud": "somebody-else"},
    "several audiences, made for another": {"aud": [CLIENT, "other"], "azp": "other"},
    "several audiences, for nobody said": {"aud": [CLIENT, "other"]},
    "another party": {"azp": "other"},
    "another nonce": {"nonce": "replayed"},
    "no nonce": {"nonce": None},
    "expired": {"exp": int(time.time()) - 120},
    "no end": {"exp": None},
    "from the future": {"iat": int(time.time()) + 7200},
    "nobody": {"sub": ""},
    "a number": {"sub": 1},
}


@pytest.mark.parametrize("vice", CHANGES)
async def test_a_token_not_for_us_not_now_or_not_of_this_sign_in_is_refused(
    desk: AsyncClient, issuer: Issuer, vice: str
) -> None:
    changed = CHANGES[vice]
    issuer.change = lambda claims: {
        name: one for name, one in {**claims, **changed}.items() if one is not None
    }

    assert is_refused(await log_in(desk, issuer))


async def test_a_provider_changes_its_key_and_nobody_is_turned_away(
    desk: AsyncClient, issuer: Issuer
) -> None:
    assert (await log_in(desk, issuer)).status_code == 201
    assert (await log_in(desk, issuer)).status_code == 201
    asked = dict(issuer.asked)
    assert (asked["/realm/.well-known/openid-configuration"], asked["/realm/jwks"]) == (1, 1)

    provider = desk._transport.app.state.provider  # type: ignore[attr-defined]
    age_keys(provider)
    issuer.signer = Signer("k2", EC_KEY, "ES256")
    assert (await log_in(desk, issuer)).status_code == 201
    assert issuer.asked["/realm/jwks"] == 2
    issuer.mint = Signer("k1", RSA_KEY, "RS256").sign
    assert is_refused(await log_in(desk, issuer)), "the old key is the provider's no more"
    assert issuer.asked["/realm/jwks"] == 2, "an unknown key makes nobody ask without end"


def age_keys(provider: Any) -> None:
    """As if what is known had been read half a minute ago."""
    provider._known = {url: (at - 30, found) for url, (at, found) in provider._known.items()}


async def test_a_code_and_a_sign_in_lead_to_one_session(desk: AsyncClient, issuer: Issuer) -> None:
    for forgives in (False, True):
        issuer.forgives_replay = forgives
        address, state = await leave(desk)
        query = {"code": issuer.log_in(address), "state": state}
        kept = {"Cookie": f"minhu_login={desk.cookies['minhu_login']}"}
        desk.cookies.clear()
        first = await desk.get(CALLBACK, params=query, headers=kept)
        assert first.status_code == 201
        assert "max-age=0" in first.headers["set-cookie"].lower()
        assert is_refused(await desk.get(CALLBACK, params=query, headers=kept))


async def test_a_code_brought_to_another_browser_opens_nothing(
    desk: AsyncClient, issuer: Issuer
) -> None:
    """Nobody can be made to sign in as somebody else, nor have his code used elsewhere."""
    address, state = await leave(desk)
    query = {"code": issuer.log_in(address), "state": state}
    theirs = dict(desk.cookies)
    desk.cookies.clear()
    assert is_refused(await desk.get(CALLBACK, params=query))
    await leave(desk)
    assert is_refused(await desk.get(CALLBACK, params=query))
    desk.cookies.clear()
    desk.cookies.update({name: f"{one[:-6]}AAAAAA" for name, one in theirs.items()})
    assert is_refused(await desk.get(CALLBACK, params=query))
    assert issuer.asked.get("/realm/token", 0) == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "guessed"},
        {"code": "guessed"},
        {"iss": "https://elsewhere.example.org"},
        {"code": ["one", "two"]},
        {"iss": ["one", "two"]},
        {"code": "", "error": "access_denied"},
    ],
)
async def test_an_answer_that_is_not_the_providers_to_this_sign_in_is_refused(
    desk: AsyncClient, issuer: Issuer, changed: dict[str, Any]
) -> None:
    assert is_refused(await log_in(desk, issuer, **changed))


async def test_where_the_provider_names_itself_it_must(desk: AsyncClient, issuer: Issuer) -> None:
    issuer.metadata = {"authorization_response_iss_parameter_supported": True}

    assert is_refused(await log_in(desk, issuer))
    assert issuer.asked.get("/realm/token", 0) == 0
    assert (await log_in(desk, issuer, iss=issuer.url)).status_code == 201


async def test_who_is_vouched_for_and_has_no_account_here_is_forbidden(
    desk: AsyncClient, issuer: Issuer, hotline: Hotline
) -> None:
    issuer.subject = "person-2"
    unknown = await log_in(desk, issuer)
    issuer.subject = "person-1"
    async with hotline.database.transaction(BUREAU) as tx:
        await set_disabled(tx, "wangfang", disabled=True)
    disabled = await log_in(desk, issuer)

    assert [unknown.status_code, disabled.status_code] == [403, 403]
    assert unknown.json()["detail"] == disabled.json()["detail"]


async def test_metadata_of_another_issuer_is_not_believed(
    desk: AsyncClient, issuer: Issuer
) -> None:
    issuer.metadata = {"issuer": "https://elsewhere.example.org"}

    answer = await desk.get("/v1/session/oidc")

    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_a_provider_that_is_away_is_not_asked_again_by_everybody(
    desk: AsyncClient, issuer: Issuer
) -> None:
    issuer.is_away = True

    found = [(await desk.get("/v1/session/oidc")).status_code for _ in range(4)]

    assert found == [503] * 4
    assert sum(issuer.asked.values()) == 1


async def test_without_a_provider_there_is_no_such_way(dispatch: AsyncClient) -> None:
    for path in ("/v1/session/oidc", CALLBACK):
        assert (await dispatch.get(path)).status_code == 404


def test_a_secret_that_others_may_read_is_refused(settings: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    with pytest.raises(MissingSetting, match="chmod 600"):
        read_secret(settings.model_copy(update={"oidc_secret_file": secret}))
    with pytest.raises(MissingSetting, match="MINHU_OIDC_REDIRECT_URL"):
        Settings.from_env(
            {
                "MINHU_DATABASE_URL": settings.database_url,
                "MINHU_REDIS_URL": settings.redis_url,
                "MINHU_KEYRING_FILE": str(settings.keyring_file),
                "MINHU_OIDC_ISSUER": "https://login.example.org",
            }
        )
