"""One call: the name it greets, what it does not follow, and how little of an answer it reads."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.outgoing import Letter, open_client
from tests.shared.calling import SANDBOX, Server, answering, post, serving


def certified(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of that name, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    public = certificate.public_bytes(serialization.Encoding.PEM)
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, plain) + public)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=public.decode())


@pytest.mark.parametrize("name", ["platform.example", "other.example"])
async def test_tls_greets_and_checks_the_name_and_not_the_address(
    name: str, tmp_path: Path
) -> None:
    ours, theirs = certified(name, tmp_path)
    greeted: list[str | None] = []
    ours.sni_callback = lambda _, asked, __: greeted.append(asked)
    found = Server()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=ours)
    port = server.sockets[0].getsockname()[1]
    resolver = answering(["127.0.0.1"])
    async with server, open_client(SANDBOX, resolver=resolver, tls=theirs) as client:
        answer = await client.post(Letter(f"https://platform.example:{port}/", b"{}", {}))

    assert greeted == ["platform.example"]
    is_named = name == "platform.example"
    assert (answer.status, answer.error) == ((204, None) if is_named else (None, "unreachable"))
    assert [f"host: platform.example:{port}" in one.lower() for one in found.heads] == [
        True
    ] * is_named


async def test_no_redirect_is_followed_and_no_proxy_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as aside:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{aside.port}")
        moved = f"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:{aside.port}/\r\n\r\n".encode()
        async with serving(moved) as server:
            url = f"http://127.0.0.1:{server.port}/"
            answer = await post(url, SANDBOX, answering(["127.0.0.1"]))

    assert (answer.status, answer.is_accepted) == (307, False)
    assert (len(server.heads), aside.heads) == (1, [])


async def test_an_endless_body_is_not_read() -> None:
    head = b"HTTP/1.1 200 Yes\r\ncontent-length: 999999999\r\n\r\n"
    async with serving(head, endless=True) as server:
        url = f"http://127.0.0.1:{server.port}/"
        answer = await post(url, SANDBOX, answering(["127.0.0.1"]))

    assert answer.is_accepted
    assert server.sent < 20_000_000


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", "timeout"),
        (b"HTTP/1.1 200 Yes\r\nx: ", "timeout"),
        (b"SSH-2.0-x\r\n\r\n", "broken-answer"),
    ],
)
async def test_what_is_no_answer_is_named_and_bounded(raw: bytes, error: str) -> None:
    async with serving(raw) as server:
        url = f"http://127.0.0.1:{server.port}/"
        answer = await post(url, SANDBOX, answering(["127.0.0.1"]), seconds=0.3)

    assert (answer.status, answer.error) == (None, error)


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "120", 120.0),
        (503, "0", 0.0),
        (429, "99999999999999", 999999999.0),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        (429, "-5", None),
        (429, "soon", None),
        (500, "120", None),
    ],
)
async def test_retry_after_is_read_where_it_means_something(
    status: int, said: str, seconds: float | None
) -> None:
    raw = f"HTTP/1.1 {status} X\r\nretry-after: {said}\r\ncontent-length: 0\r\n\r\n".encode()
    async with serving(raw) as server:
        url = f"http://127.0.0.1:{server.port}/"
        answer = await post(url, SANDBOX, answering(["127.0.0.1"]))

    assert (answer.status, answer.retry_after) == (status, seconds)
