"""`minhu accounts`: persons' accounts at the desk."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import typer

from services.cli.folder import DEFAULT
from services.cli.installation import enter_bureau, run_on
from services.cli.keys import KeyRole, name_holder, show_minute
from services.cli.table import print_rows
from shared.db import Tx
from shared.domain.words import Role
from shared.errors import Invalid
from shared.identity.accounts import (
    Enrolment,
    add_account,
    drop_codes,
    enrol,
    get_account,
    list_accounts,
    set_disabled,
    set_password,
)
from shared.identity.lockouts import forget_failures
from shared.identity.networks import read_address
from shared.identity.passwords import check_password, new_password
from shared.identity.sessions import end_sessions
from shared.tickets import Hotline

T = TypeVar("T")
Act = Callable[[Hotline, Tx], Awaitable[T]]

app = typer.Typer(
    help="人员账号：新建、列出、停用、重置、解锁、强制退出。",
    rich_markup_mode=None,
    no_args_is_help=True,
)
NAME = typer.Argument(help="登录名")
BUREAU = typer.Option(None, help="局的代号；只有一个局时可省")
FOLDER = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录")
STDIN = typer.Option(False, help="口令从标准输入读一行；不给则生成一个并显示这一次")
HEAD = ("登录名", "局", "姓名", "角色", "单位", "方式", "恢复码", "会话", "最近登录", "状态")


def act_on(data_dir: Path, bureau: str | None, act: Act[T]) -> T:
    """In one transaction of the bureau."""

    async def work(hotline: Hotline) -> T:
        async with hotline.database.unscoped() as connection:
            bureau_id = await enter_bureau(connection, bureau)
        async with hotline.database.transaction(bureau_id) as tx:
            return await act(hotline, tx)

    return run_on(data_dir, work)


def take_password(account: str, *, stdin: bool) -> str:
    password = sys.stdin.readline().rstrip("\r\n") if stdin else new_password()
    check_password(password, account)
    return password


@app.command(help="新建账号：显示口令（若由系统生成）、动态码的登记地址和恢复码，只此一次。")
def add(
    *,
    account: str = NAME,
    actor: str = typer.Option(help="姓名，记入每一步操作；与此人的密钥写得一样"),
    role: KeyRole = typer.Option(help="角色：unit、desk、leader、bi 或 admin"),
    unit: str | None = typer.Option(None, help="绑定的单位代号；unit 必填，bi 可填"),
    password_stdin: bool = STDIN,
    without_code: bool = typer.Option(False, help="不用动态码，只凭口令（不建议）"),
    oidc_subject: str | None = typer.Option(
        None, help="由统一认证登录：此人在其中的用户标识（sub）；不设口令"
    ),
    bureau: str | None = BUREAU,
    data_dir: Path = FOLDER,
) -> None:
    is_local = oidc_subject is None
    password = take_password(account, stdin=password_stdin) if is_local else None

    async def act(hotline: Hotline, tx: Tx) -> Enrolment | None:
        await name_holder(tx.connection, tx.bureau, role, unit)
        issuer = hotline.settings.oidc_issuer
        if not is_local and issuer is None:
            raise Invalid("尚未设置统一认证（MINHU_OIDC_ISSUER）")
        values: dict[str, Any] = {"issuer": issuer, "subject": oidc_subject}
        await add_account(tx, account, actor=actor, role=Role(role), unit=unit, **values)
        if password is None:
            return None
        await set_password(tx, account, password)
        return None if without_code else await enrol(tx, account, keyring=hotline.keyring)

    enrolment = act_on(data_dir, bureau, act)
    typer.echo(f"已新建 {account}（{actor}）", err=True)
    show(None if password_stdin else password, enrolment)


def show(password: str | None, enrolment: Enrolment | None) -> None:
    """What the person must be given, and nobody will see again."""
    if password is not None:
        typer.echo(f"口令：{password}")
    if enrolment is not None:
        typer.echo(f"动态码：{enrolment.uri}")
        typer.echo(f"恢复码：{' '.join(enrolment.recovery_codes)}")


@app.command("list", help="列出账号、登录方式、在用的会话和锁定。")
def list_all(bureau: str | None = BUREAU, data_dir: Path = FOLDER) -> None:
    async def work(hotline: Hotline) -> Sequence[tuple[str, Any]]:
        rows: list[tuple[str, Any]] = []
        for slug, bureau_id in (await hotline.slugs()).items():
            if bureau in (None, slug):
                async with hotline.database.transaction(bureau_id, writing=False) as tx:
                    rows += [(slug, row) for row in await list_accounts(tx)]
        return rows

    print_rows(HEAD, [cells_of(slug, row) for slug, row in run_on(data_dir, work)])


def cells_of(slug: str, row: Any) -> tuple[str, ...]:
    means = [
        *(["口令"] if row.password_hash else []),
        *(["动态码"] if row.totp_sealed else []),
        *(["统一认证"] if row.oidc_subject else []),
    ]
    seen = "从未" if row.signed_in_at is None else show_minute(row.signed_in_at)
    state = "有效"
    if row.disabled_at is not None:
        state = f"已停用 {show_minute(row.disabled_at)}"
    elif row.locked_until is not None:
        state = f"锁定至 {show_minute(row.locked_until)}"
    codes = str(row.recovery_codes) if row.totp_sealed else "-"
    unit = row.unit_id or "-"
    return (
        *(row.account, slug, row.actor, row.role, unit, "+".join(means), codes),
        *(str(row.live), seen, state),
    )


@app.command(help="停用账号，其全部会话五秒内失效；--undo 重新启用。")
def disable(
    account: str = NAME,
    undo: bool = typer.Option(False, "--undo", help="重新启用"),
    bureau: str | None = BUREAU,
    data_dir: Path = FOLDER,
) -> None:
    async def act(_: Hotline, tx: Tx) -> None:
        await get_account(tx, account)
        await set_disabled(tx, account, disabled=not undo)
        await end_sessions(tx, account)

    act_on(data_dir, bureau, act)
    typer.echo(f"已{'重新启用' if undo else '停用'} {account}")


@app.command(help="重置口令、动态码和恢复码，解除锁定，结束其全部会话。")
def reset(
    *,
    account: str = NAME,
    password_stdin: bool = STDIN,
    keep_password: bool = typer.Option(False, help="口令不变，只换动态码和恢复码"),
    without_code: bool = typer.Option(False, help="从此不用动态码，只凭口令（不建议）"),
    bureau: str | None = BUREAU,
    data_dir: Path = FOLDER,
) -> None:
    password = None if keep_password else take_password(account, stdin=password_stdin)

    async def act(hotline: Hotline, tx: Tx) -> Enrolment | None:
        row = await get_account(tx, account)
        if row.oidc_subject is not None:
            raise Invalid(f"{account} 由统一认证登录，口令和动态码在那里重置")
        if password is not None:
            await set_password(tx, account, password)
        await forget_failures(tx, account)
        await end_sessions(tx, account)
        if without_code:
            await drop_codes(tx, account)
            return None
        return await enrol(tx, account, keyring=hotline.keyring)

    enrolment = act_on(data_dir, bureau, act)
    typer.echo(f"已重置 {account}", err=True)
    show(None if password_stdin else password, enrolment)


@app.command(help="解除失败过多的锁定：一个账号的，或一个来源地址的。")
def unlock(
    subject: str = typer.Argument(help="登录名，或 minhu doctor 所列的地址"),
    bureau: str | None = BUREAU,
    data_dir: Path = FOLDER,
) -> None:
    async def act(_: Hotline, tx: Tx) -> bool:
        if read_address(subject.partition("/")[0]) is not None:
            return await forget_failures(tx, subject, kind="address")
        await get_account(tx, subject)
        return await forget_failures(tx, subject)

    found = act_on(data_dir, bureau, act)
    typer.echo(f"已解锁 {subject}" if found else f"{subject} 没有锁定")


@app.command("sign-out", help="结束一个人的全部会话，五秒内在所有服务生效。")
def sign_out(account: str = NAME, bureau: str | None = BUREAU, data_dir: Path = FOLDER) -> None:
    async def act(_: Hotline, tx: Tx) -> int:
        await get_account(tx, account)
        return await end_sessions(tx, account)

    typer.echo(f"已结束 {account} 的会话 {act_on(data_dir, bureau, act)} 个")
