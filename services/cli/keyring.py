"""`minhu keyring`: the file of keys that every process of an installation reads."""

from pathlib import Path
from typing import Literal

import typer

from services.cli.folder import DEFAULT, open_folder
from services.cli.installation import KEYRING, read_given, run_on
from services.cli.table import print_rows
from shared.errors import Conflict, Invalid
from shared.tickets import Hotline
from shared.vault.ciphers import ALGORITHMS, is_offered
from shared.vault.keyfile import create_keyring, retire_key, rotate_key
from shared.vault.keyring import Keyring, purpose_of
from shared.vault.rotation import list_used_keys
from shared.worker.renewing import Renewer

PURPOSES = {"hash": "号码摘要", "seal": "加密", "cursor": "游标签名"}
RESTART = "请随后重启各服务和后台（minhu serve、minhu worker）"

app = typer.Typer(help="密钥文件：新建、更换、停用。", rich_markup_mode=None, no_args_is_help=True)


@app.command(help="新建密钥文件（权限 600）；已有的不动。多台服务器须用同一个文件。")
def create(
    file: Path = typer.Argument(help="文件位置，之后写进 MINHU_KEYRING_FILE"),
) -> None:
    if file.exists():
        raise Conflict(f"{file} 已存在，没有改动。换掉它，已有数据中的密文就再也解不开")
    create_keyring(file)
    typer.echo(f"已建立 {file}。请与数据库分开备份：少了它，来电人信息和平台密钥都无法恢复")


@app.command(help="换一把新的现用密钥，旧的留着：已有的密文、摘要和游标照样认得。")
def rotate(
    purpose: Literal["hash", "seal", "cursor"] = typer.Argument(help="hash、seal 或 cursor"),
    algorithm: str | None = typer.Option(None, help="国密：seal 用 sm4-gcm，其余用 hmac-sm3"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    if algorithm is not None and algorithm not in ALGORITHMS[purpose]:
        raise Invalid(f"{purpose} 可用的算法：{'、'.join(ALGORITHMS[purpose])}")
    if algorithm is not None and not is_offered(algorithm):
        raise Invalid(f"本机的密码库没有 {algorithm}")
    path = file_of(data_dir)
    Keyring.load(path)
    key_id = rotate_key(path, purpose, algorithm)
    typer.echo(f"现用的{PURPOSES[purpose]}密钥是 {key_id}。请立即另存一份备份。{RESTART}")


@app.command("list", help="列出密钥的编号、用途、算法；不显示密钥本身。")
def list_all(
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    keyring = Keyring.load(file_of(data_dir))
    current = {key.id for key in keyring.current.values()}
    print_rows(
        ("编号", "用途", "算法", "现用"),
        [
            (key.id, PURPOSES[purpose_of(key.id)], key.algorithm, "是" if key.id in current else "")
            for key in sorted(keyring.older.values(), key=lambda key: key.id)
        ],
    )


@app.command(
    help="立即用现用的密钥重新加密、重算摘要（后台每分钟也会做）；可随时中断，再来接着做。"
)
def reseal(
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    done = run_on(data_dir, lambda hotline: Renewer(hotline).renew())
    typer.echo(f"已更新 {done} 条" if done else "没有需要更新的")


@app.command(help="停用一把旧密钥，从文件中去掉；还有数据要用它时拒绝。")
def retire(
    key_id: str = typer.Argument(help="list 所列的编号"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    async def list_used(hotline: Hotline) -> set[str]:
        used: set[str] = set()
        for bureau in await hotline.bureaus():
            async with hotline.database.transaction(bureau, writing=False) as tx:
                used |= await list_used_keys(tx)
        return used

    if key_id in run_on(data_dir, list_used):
        raise Conflict(f"还有数据要用 {key_id}，请先运行 minhu keyring reseal")
    retire_key(file_of(data_dir), key_id)
    told = f"已停用 {key_id}。{RESTART}"
    if purpose_of(key_id) == "cursor":
        told += "；用它签过的游标从此无效，须从头取"
    typer.echo(told)


def file_of(data_dir: Path) -> Path:
    named = read_given().get(KEYRING)
    return Path(named) if named else open_folder(data_dir).keyring
