"""Where calls go: never to an inner network by any spelling, never to a second look-up's answer."""

import ipaddress
from collections.abc import Sequence

import pytest

from shared.errors import Invalid
from shared.outgoing import Reach, check_url
from shared.settings import Settings
from tests.shared.calling import SANDBOX, answering, post, serving

PUBLIC = "93.184.216.34"
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


def test_what_is_called_is_no_address_of_ours() -> None:
    assert Reach().allows(PUBLIC)
    assert Reach().allows("2606:2800:220:1:248:1893:25c8:1946")
    assert not ipaddress.ip_address(PUBLIC).is_private
