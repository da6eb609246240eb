"""Where calls go: never to an inner network by any spelling, never to a second look-up's answer."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.errors import Invalid
from shared.outgoing import Answer, Letter, Reach, check_url, open_client
from shared.outgoing.addresses import Resolver
from shared.settings import Settings

PUBLIC = "93.184.216.34"
SANDBOX = Reach(local=True)
INSIDE = (
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.5",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:5",
    "2002:a00:5::1",
    "2001:0:a00:5::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "no address",
)
HOSTILE = (
    "http://platform.example/",
    "ftp://platform.example/",
    "gopher://platform.example/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//platform.example/",
    "https:platform.example",
    "https://",
    "https:///hear",
    "https://user@platform.example/",
    "https://user:word@platform.example/",
    "https://@platform.example/",
    "https://platform.example\\@127.0.0.1/",
    "https://platform.example#@127.0.0.1/",
    "https://platform.example:0/",
    "https://platform.example:99999/",
    "https://platform.example:x/",
    "https://[::1/",
    "https://[fe80::1%25eth0]/",
    "https://platform%2eexample/",
    "https://平台.example/",
    "https://platform.example/\r\nHost: 127.0.0.1",
    "https://platform.example/\t",
    "https://a b/",
    "https://./",
    "https://platform.example/" + "x" * 2000,
)


def answering(*answers: Sequence[str]) -> Resolver:
    """A resolver that answers another thing each time; the last one from then on."""
    given = list(answers)

    async def run(host: str, port: int) -> Sequence[str]:
        return given.pop(0) if len(given) > 1 else given[0]

    return run


@dataclass
class Server:
    """A plain server on this machine that answers every call with the same bytes."""

    answer: bytes = b"HTTP/1.1 204 No\r\ncontent-length: 0\r\n\r\n"
    endless: bool = False
    port: int = 0
    heads: list[str] = field(default_factory=list)
    sent: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        try:
            while self.endless and self.sent < 50_000_000:
                writer.write(b"x" * 65_536)
                await writer.drain()
                self.sent += 65_536
            await reader.read()
        except ConnectionError:
            pass
        writer.close()


@asynccontextmanager
async def serving(answer: bytes | None = None, *, endless: bool = False) -> AsyncIterator[Server]:
    found = Server(endless=endless) if answer is None else Server(answer, endless)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


async def post(url: str, reach: Reach, resolver: Resolver, *, seconds: float = 5.0) -> Answer:
    async with open_client(reach, resolver=resolver, timeout=seconds) as client:
        return await client.post(Letter(url, b"{}", {"content-type": "application/json"}))


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_leads_inside_is_refused_at_registration_and_at_every_call(
    address: str,
) -> None:
    resolver = answering([address])

    assert not Reach().allows(address)
    with pytest.raises(Invalid):
        await check_url("https://platform.example/", Reach(), resolver=resolver)
    answer = await post("https://platform.example/", Reach(), resolver)
    assert (answer.status, answer.error) == (None, "refused-address")


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("reach", [Reach(), SANDBOX], ids=["production", "sandbox"])
async def test_an_address_that_is_no_plain_https_one_is_refused(url: str, reach: Reach) -> None:
    resolver = answering([PUBLIC])

    with pytest.raises(Invalid):
        await check_url(url, reach, resolver=resolver)
    assert (await post(url, reach, resolver)).error == "refused-address"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "[::ffff:7f00:1]",
        "localhost.",
    ],
)
async def test_other_spellings_of_this_machine_are_found_out_by_the_real_resolver(
    host: str,
) -> None:
    with pytest.raises(Invalid):
        await check_url(f"https://{host}/", Reach())


async def test_one_forbidden_address_spoils_the_others_of_a_name() -> None:
    answer = await post("https://platform.example/", Reach(), answering([PUBLIC, "10.0.0.5"]))

    assert answer.error == "refused-address"


async def test_a_resolver_that_changes_its_answer_gains_nothing() -> None:
    """Registered with a public address, called at one of ours; and no look-up after the check."""
    asked: list[str] = []
    rebinding = answering([PUBLIC], ["127.0.0.1"])

    async def resolver(host: str, port: int) -> Sequence[str]:
        found = await rebinding(host, port)
        asked.append(found[0])
        return found

    async with serving() as server:
        url = f"https://rebind.example:{server.port}/"
        await check_url(url, Reach(), resolver=resolver)
        answer = await post(url, Reach(), resolver)

    assert answer.error == "refused-address"
    assert asked == [PUBLIC, "127.0.0.1"]
    assert server.heads == []


async def test_the_call_goes_to_the_checked_address_under_its_own_name() -> None:
    """The name is looked up once: a second answer would be a public address that nobody serves."""
    async with serving() as server:
        resolver = answering(["127.0.0.1"], ["203.0.113.7"])
        answer = await post(f"http://localhost:{server.port}/hear?a=1", SANDBOX, resolver)

    assert answer.status == 204
    (head,) = server.heads
    assert head.startswith("POST /hear?a=1 HTTP/1.1\r\n")
    assert f"host: localhost:{server.port}\r\n" in head.lower()


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


async def test_plain_http_in_the_sandbox_stays_on_this_machine() -> None:
    answer = await post("http://localhost/", SANDBOX, answering([PUBLIC]))

    assert answer.error == "refused-address"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.20.1.9", True),
        ("10.21.0.1", False),
        ("fd00:12::9", True),
        ("::ffff:10.20.1.9", True),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        (PUBLIC, True),
    ],
)
def test_private_networks_are_called_where_the_house_allows_them(
    settings_of: type[Settings], address: str, *, allowed: bool
) -> None:
    settings = settings_of.from_env(
        {
            "MINHU_DATABASE_URL": "postgresql://x/y",
            "MINHU_REDIS_URL": "redis://x",
            "MINHU_KEYRING_FILE": "keyring.json",
            "MINHU_CALLBACK_NETWORKS": "10.20.0.0/16, fd00:12::/32, 127.0.0.0/8,169.254.0.0/16",
        }
    )

    assert Reach(settings.callback_networks).allows(address) is allowed


@pytest.fixture
def settings_of() -> type[Settings]:
    return Settings


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


def test_what_is_called_is_no_address_of_ours() -> None:
    assert Reach().allows(PUBLIC)
    assert Reach().allows("2606:2800:220:1:248:1893:25c8:1946")
    assert not ipaddress.ip_address(PUBLIC).is_private
