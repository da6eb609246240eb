"""Keys are changed while work goes on: nothing is lost, repeats are found, old keys are let go."""

import base64
import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared.domain.words import Role
from shared.identity.accounts import add_account, enrol, get_account, seal_context
from shared.settings import Settings
from shared.tickets import Hotline
from shared.vault import rotation
from shared.vault.callers import Caller, seal_caller
from shared.vault.ciphers import ALGORITHMS, Key, WrongSeal, digest, is_offered, seal, unseal
from shared.vault.keyfile import create_keyring, retire_key, rotate_key
from shared.vault.keyring import Keyring, SealBroken
from shared.vault.originals import open_original, seal_original
from shared.web.cursors import decode_cursor, encode_cursor
from shared.worker.renewing import Renewer
from tests.conftest import BUREAU
from tests.factories import PUT_CALLER

STORED = text(
    "SELECT count(*) AS rows, count(DISTINCT phone_hash) AS numbers,"
    " count(DISTINCT hash_key_id) AS hash_keys, count(DISTINCT seal_key_id) AS seal_keys"
    " FROM callers WHERE bureau_id = :bureau"
)
NUMBERS = 7
SAID = b'{"caller":{"phone":"13812345678"}}'
KEEP = text(
    "INSERT INTO raw_messages (bureau_id, message_id, source, webhook_id, digest, body,"
    " seal_key_id, mended, stream_id, received_at, state) VALUES (:bureau, CAST(:id AS uuid),"
    " 'city-12345', 'x', '', :body, :key, :mended, -1, clock_timestamp(), 'ignored')"
)
KEPT = text(
    "SELECT message_id, body, seal_key_id, mended, mended_key_id FROM raw_messages"
    " WHERE bureau_id = :bureau ORDER BY message_id"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "keyring.json"
    create_keyring(made)
    return made


async def call(hotline: Hotline, keyring: Keyring, ids: range) -> None:
    """Seven citizens call in turn, as intake writes them."""
    callers = {one: Caller(name="张建国", phone=f"1380000{one % NUMBERS:04d}") for one in ids}
    rows = [seal_caller(who, one, bureau=BUREAU, keyring=keyring) for one, who in callers.items()]
    numbers = {one: who.number for one, who in callers.items()}
    async with hotline.database.transaction(BUREAU) as tx:
        for row in await rotation.adopt_known(tx, keyring, rows, numbers):
            values = {name: getattr(row, name) for name in row.__slots__}
            await tx.run(PUT_CALLER, bureau=BUREAU, **values)


async def stored(hotline: Hotline) -> tuple[int, int, int, int]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(STORED, bureau=BUREAU)
    assert row is not None
    return row.rows, row.numbers, row.hash_keys, row.seal_keys


async def test_a_caller_has_one_hash_at_any_moment_of_a_change(
    hotline: Hotline, tmp_path: Path
) -> None:
    path = tmp_path / "keyring.json"
    shutil.copy(hotline.settings.keyring_file, path)  # which sealed the platforms' secrets
    await call(hotline, Keyring.load(path), range(1, 21))
    rotate_key(path, "hash")
    rotate_key(path, "seal", "sm4-gcm")
    keyring = Keyring.load(path)
    await call(hotline, keyring, range(21, 31))
    assert await stored(hotline) == (30, NUMBERS, 1, 2)
    for at in range(31, 38):
        async with hotline.database.transaction(BUREAU) as tx:
            await rotation.renew_callers(tx, keyring, limit=3)
        await call(hotline, keyring, range(at, at + 1))
        assert (await stored(hotline))[1] == NUMBERS, "one caller under two hashes"
    await Renewer(Hotline(hotline.settings, hotline.database, keyring)).renew()

    assert await stored(hotline) == (37, NUMBERS, 1, 1)
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        used = await rotation.list_used_keys(tx)
    assert keyring.current["hash"].id in used
    assert not used & {key.id for key in keyring.before("hash")}


async def test_originals_are_sealed_and_go_over_to_the_new_key(
    hotline: Hotline, tmp_path: Path
) -> None:
    path = tmp_path / "keyring.json"
    shutil.copy(hotline.settings.keyring_file, path)
    before = Keyring.load(path)
    numbers = [uuid.UUID(int=one) for one in range(1, 6)]
    for one in numbers:
        body, key_id = seal_original(SAID, one, bureau=BUREAU, keyring=before)
        values = {"body": body, "key": key_id} if one.int > 2 else {"body": SAID, "key": None}
        async with hotline.database.transaction(BUREAU) as tx:
            await tx.run(KEEP, bureau=BUREAU, id=one, mended=SAID, **values)
    rotate_key(path, "seal")
    keyring = Keyring.load(path)
    renewer = Renewer(Hotline(hotline.settings, hotline.database, keyring))

    await renewer.look()
    again = await renewer.renew()

    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = await tx.rows(KEPT, bureau=BUREAU)
        used = await rotation.list_used_keys(tx)
    opening: Any = {"bureau": BUREAU, "keyring": keyring}
    current = keyring.current["seal"].id
    assert [row.message_id for row in rows] == numbers
    for row in rows:
        assert (row.seal_key_id, row.mended_key_id) == (current, current)
        assert b"13812345678" not in bytes(row.body) + bytes(row.mended)
        assert open_original(row.body, row.seal_key_id, row, **opening) == SAID
        assert open_original(row.mended, row.mended_key_id, row, **opening) == SAID
    assert again == 0
    assert current in used
    assert before.current["seal"].id not in used


async def test_the_seeds_of_codes_go_over_to_the_new_key(hotline: Hotline, tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    shutil.copy(hotline.settings.keyring_file, path)
    before = Keyring.load(path)
    async with hotline.database.transaction(BUREAU) as tx:
        await add_account(tx, "wangfang", actor="王芳", role=Role.DESK, unit=None)
        await enrol(tx, "wangfang", keyring=before)
    rotate_key(path, "seal")
    keyring = Keyring.load(path)

    await Renewer(Hotline(hotline.settings, hotline.database, keyring)).renew()

    async with hotline.database.transaction(BUREAU) as tx:
        row = await get_account(tx, "wangfang")
        used = await rotation.list_used_keys(tx)
    context = seal_context(BUREAU, "wangfang")
    assert row.totp_seal_key_id == keyring.current["seal"].id
    assert keyring.unseal(bytes(row.totp_sealed), row.totp_seal_key_id, context)
    assert before.current["seal"].id not in used


async def test_who_has_not_read_the_new_file_yet_opens_what_others_sealed(path: Path) -> None:
    before = Keyring.load(path)
    rotate_key(path, "seal")
    sealed, key_id = Keyring.load(path).seal(b"told", "here")

    assert before.unseal(sealed, key_id, "here") == b"told"


def test_a_cursor_outlives_its_key_until_that_is_retired(path: Path) -> None:
    cursor = encode_cursor(before := Keyring.load(path), "feed", [1, 2])
    rotate_key(path, "cursor", "hmac-sm3")
    assert decode_cursor(Keyring.load(path), "feed", cursor) == [1, 2]
    retire_key(path, before.current["cursor"].id)
    after = Keyring.load(path)

    assert not after.has_signed(b"feed", b"0" * 16)
    assert len(after.older) == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_retired_key_opens_nothing(path: Path) -> None:
    sealed, key_id = Keyring.load(path).seal(b"told", "here")
    rotate_key(path, "seal")
    retire_key(path, key_id)

    with pytest.raises(SealBroken):
        Keyring.load(path).unseal(sealed, key_id, "here")


@pytest.mark.parametrize("algorithm", ALGORITHMS["seal"])
def test_what_is_sealed_opens_whole_or_not_at_all(algorithm: str) -> None:
    key = Key("seal-1", bytes(32 if algorithm == "aes-256-gcm" else 16), algorithm)
    sealed = seal(key, "张建国".encode(), "caller:1:1")

    assert is_offered(algorithm)
    assert unseal(key, sealed, "caller:1:1").decode() == "张建国"
    for wrong in (bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(WrongSeal):
            unseal(key, wrong, "caller:1:1")
    with pytest.raises(WrongSeal):
        unseal(key, sealed, "caller:1:2")


def test_sm3_is_that_of_the_standard() -> None:
    """GB/T 32918 has no vectors of HMAC; this one is OpenSSL's own."""
    one, other = (digest(Key("hash-1", bytes(32), name), b"a") for name in ALGORITHMS["hash"])

    assert len(one) == len(other) == 32
    assert one != other


def test_keys_may_come_from_a_credential_of_systemd(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.chmod(0o440)
    env = {"MINHU_DATABASE_URL": "x", "MINHU_REDIS_URL": "y"}
    settings = Settings.from_env({**env, "CREDENTIALS_DIRECTORY": str(path.parent)})
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path.parent))

    assert settings.keyring_file == path
    assert set(Keyring.load(path).current) == {"hash", "seal", "cursor"}


def test_the_file_tells_an_algorithm_only_where_it_is_not_the_usual_one(path: Path) -> None:
    """So that a file made before, or by hand, is read as it was."""
    rotate_key(path, "hash", "hmac-sm3")
    keys = json.loads(path.read_text())["keys"]
    kinds = sorted(type(told).__name__ for told in keys.values())

    assert kinds == ["dict", "str", "str", "str"]
    assert all(base64.b64decode(told) for told in keys.values() if isinstance(told, str))
