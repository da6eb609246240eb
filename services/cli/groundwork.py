"""What services can be started on: servers, keyring, schema, sample organisation, clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from services.cli.addresses import DATABASE, OWNER, REDIS, check_address, read_settings
from services.cli.folder import DataFolder
from services.cli.installation import KEYRING, read_given
from services.cli.sample import SampleSecrets, is_known, keep_secrets, load_sample, read_secrets
from services.cli.supervisor import Supervisor
from shared.db.migrate import migrate
from shared.embedded import start_postgres, start_redis
from shared.errors import Conflict
from shared.settings import MissingSetting
from shared.tickets import Hotline
from shared.tickets.clock import start_clock
from shared.vault.keyring import create_keyring

CLOCK_RUNS = text("SELECT EXISTS (SELECT FROM sandbox_clock)")
ANY_TICKET = text("SELECT EXISTS (SELECT FROM tickets WHERE bureau_id = :bureau)")


class NotASandbox(Conflict):
    code = "not-a-sandbox"
    title = "这些数据不能用作沙箱"


class KeyringLost(Conflict):
    code = "keyring-lost"
    title = "密钥文件不见了"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database that the services may be started on."""

    is_sandbox: bool
    secrets: SampleSecrets | None


def make_keyring(folder: DataFolder) -> Path:
    """The keyring named by the environment, else the folder's own, made on first use."""
    named = read_given().get(KEYRING)
    if named:
        return Path(named).absolute()
    if folder.has_database and not folder.keyring.exists():
        raise KeyringLost(
            f"{folder.keyring} 不见了，已有数据中的密文离开它无法解开。"
            "请从备份恢复这个文件，或用 --data-dir 另选一个目录"
        )
    create_keyring(folder.keyring)
    return folder.keyring


def start_servers(folder: DataFolder, supervisor: Supervisor) -> dict[str, str]:
    """The MINHU_* environment; servers of our own where none are named."""
    environment = read_given()
    if DATABASE not in environment:
        postgres = start_postgres(folder.path, log_dir=folder.logs, keeper=supervisor.keeper)
        supervisor.adopt(postgres)
        environment |= {DATABASE: postgres.app_url, OWNER: postgres.owner_url}
    elif OWNER not in environment:
        raise MissingSetting(f"使用外部数据库时，请另设 {OWNER}（库的所有者），升级表结构要用")
    check_address(OWNER, environment[OWNER])
    if REDIS not in environment:
        redis = start_redis(folder.path, log_dir=folder.logs, keeper=supervisor.keeper)
        supervisor.adopt(redis)
        environment[REDIS] = redis.url
    return environment


async def prepare(
    environment: Mapping[str, str],
    owner_url: str,
    secrets_file: Path,
    *,
    sandbox: bool,
    fresh: bool,
) -> Prepared:
    """Schema, sample organisation (only into an empty database that is not production's), clock."""
    settings = read_settings(environment)
    hotline = Hotline.open(settings)
    try:
        await migrate(owner_url, settings.database_url)
        is_empty = not await hotline.bureaus()
        if fresh and not is_empty:
            raise NotASandbox("演示要从空库开始，这个库中已有数据。请不设 MINHU_DATABASE_URL 再试")
        if is_empty and settings.env != "production":
            await load_sample(hotline, keep=lambda made: keep_secrets(made, secrets_file))
        is_sandbox = await prepare_clock(hotline, wanted=sandbox or settings.sandbox)
        secrets = read_secrets(secrets_file)
        is_ours = secrets is not None and await is_known(hotline, secrets)
        return Prepared(is_sandbox, secrets if is_ours else None)
    finally:
        await hotline.close()


async def prepare_clock(hotline: Hotline, *, wanted: bool) -> bool:
    """Whether this is a sandbox: asked for now, or in earlier times. One never becomes the other.

    Data once under a virtual clock stays there; real tickets are never put under one.
    """
    async with hotline.database.unscoped() as connection:
        runs = (await connection.execute(CLOCK_RUNS)).scalar_one()
    if runs and hotline.settings.env == "production":
        raise NotASandbox("这些数据属于沙箱（虚拟时钟），MINHU_ENV=production 时不能使用")
    if wanted and not runs and await has_tickets(hotline):
        raise NotASandbox("这里已有真实时间的工单，不能改为沙箱。请用 --data-dir 另选一个目录")
    if wanted:
        await start_clock(hotline, datetime.now(UTC))
    return bool(runs or wanted)


async def has_tickets(hotline: Hotline) -> bool:
    for bureau in await hotline.bureaus():
        async with hotline.database.transaction(bureau, writing=False) as tx:
            if (await tx.run(ANY_TICKET, bureau=bureau)).scalar_one():
                return True
    return False
