"""Where a call comes from, judged by what nobody outside can write."""

import ipaddress
from collections.abc import Sequence

import pytest
from httpx import AsyncClient

from services.dispatch.app import create_app
from shared.errors import Invalid
from shared.identity.networks import find_client, read_hop, read_network
from shared.settings import MissingSetting, Settings
from shared.tickets import Hotline
from tests.access.asking import ask, heard_from, issue

PROXIES = (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("10.9.0.0/16"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["10.0.0.1"], "203.0.113.7"),
        ("::ffff:203.0.113.7", ["10.0.0.1"], "203.0.113.7"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.4"], "198.51.100.4"),
        ("::ffff:127.0.0.1", ["198.51.100.4"], "198.51.100.4"),
        ("127.0.0.1", ["10.0.0.1, 198.51.100.4"], "198.51.100.4"),
        ("127.0.0.1", ["10.0.0.1", "198.51.100.4"], "198.51.100.4"),
        ("127.0.0.1", ["198.51.100.4, 10.9.3.3"], "198.51.100.4"),
        ("127.0.0.1", ["10.0.0.1", "198.51.100.4,10.9.3.3, 10.9.4.4"], "198.51.100.4"),
        ("127.0.0.1", ["10.9.3.3"], "10.9.3.3"),
        ("127.0.0.1", ["[2001:db8::5]:443"], "2001:db8::5"),
        ("127.0.0.1", ["::ffff:198.51.100.4"], "198.51.100.4"),
        ("127.0.0.1", ["198.51.100.4:5000"], "198.51.100.4"),
        ("127.0.0.1", ["10.0.0.1, junk"], None),
        ("127.0.0.1", ["10.0.0.1, "], None),
        ("127.0.0.1", ["junk, 10.9.3.3"], None),
        ("127.0.0.1", [""], None),
        ("127.0.0.1", ["unknown"], None),
        (None, ["10.0.0.1"], None),
        ("unix:", ["10.0.0.1"], None),
    ],
)
def test_only_trusted_proxies_are_believed_and_only_from_the_end(
    peer: str | None, forwarded: Sequence[str], client: str | None
) -> None:
    found = find_client(peer, forwarded, PROXIES)

    assert (None if found is None else str(found)) == client


@pytest.mark.parametrize(
    "hop",
    [
        *("010.0.0.1", "10.0.0.1:port", "10.0.0.1:123456", "1.2.3", "0x0a000001", "１０.0.0.1"),
        *("fe80::1%eth0", "[10.0.0.1]", "[::1", "::1]", "[::1]x", "10.0.0.1/8", "a" * 9999),
    ],
)
def test_what_is_no_plain_address_is_none(hop: str) -> None:
    assert read_hop(hop) is None


def test_a_network_in_other_clothes_is_the_same_network() -> None:
    assert str(read_network("::ffff:10.0.0.0/104")) == "10.0.0.0/8"
    assert str(read_network(" 10.1.2.3 ")) == "10.1.2.3/32"
    for wrong in ("10.0.0.1/8", "10.0.0.0/33", "everywhere", ""):
        with pytest.raises(Invalid):
            read_network(wrong)


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("10.1.2.3", {}, 200),
        ("::ffff:10.1.2.3", {}, 200),
        ("11.1.2.3", {}, 403),
        ("11.1.2.3", {"X-Forwarded-For": "10.1.2.3"}, 403),
        ("11.1.2.3", {"X-Real-IP": "10.1.2.3"}, 403),
        ("11.1.2.3", {"Forwarded": "for=10.1.2.3"}, 403),
        ("192.0.2.1", {"X-Forwarded-For": "10.1.2.3"}, 200),
        ("192.0.2.1", {"X-Forwarded-For": "10.1.2.3, 11.1.2.3"}, 403),
        ("192.0.2.1", {"X-Forwarded-For": "10.1.2.3, junk"}, 403),
        ("192.0.2.1", {}, 403),
    ],
)
async def test_a_key_of_a_network_opens_from_there_alone(
    settings: Settings, hotline: Hotline, peer: str, headers: dict[str, str], status: int
) -> None:
    trusting = settings.model_copy(update={"trusted_proxies": [read_network("192.0.2.1")]})
    key = await issue(hotline, networks=["10.0.0.0/8", "2001:db8::/32"])
    async with heard_from(create_app(trusting), peer) as dispatch:
        answer = await ask(dispatch, key, headers)

    assert answer.status_code == status
    if status == 403:
        told = {name: answer.json()[name] for name in ("type", "title", "detail")}
        assert told == {
            "type": "/problems/forbidden",
            "title": "无权进行此操作",
            "detail": "此密钥只能在指定的网络中使用",
        }


async def test_a_wrong_secret_from_a_wrong_network_is_a_wrong_secret(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    key = await issue(hotline, networks=["203.0.113.0/24"])

    assert (await ask(dispatch, key)).status_code == 403
    assert (await ask(dispatch, key + "x")).status_code == 401


def test_trusted_proxies_that_are_none_are_told_at_the_start(settings: Settings) -> None:
    given = {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
    }
    read = Settings.from_env({**given, "MINHU_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"})
    assert [str(one) for one in read.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8"]
    with pytest.raises(MissingSetting, match="MINHU_TRUSTED_PROXIES"):
        Settings.from_env({**given, "MINHU_TRUSTED_PROXIES": "all"})
