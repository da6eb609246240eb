"""`minhu keyring`: the file of keys that every process of an installation reads."""

from pathlib import Path

import typer

from shared.errors import Conflict
from shared.vault.keyring import create_keyring

app = typer.Typer(help="密钥文件：新建。", rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def keyring() -> None:
    """Makes `create` a command of its own, the only one so far."""


@app.command(help="新建密钥文件（权限 600）；已有的不动。多台服务器须用同一个文件。")
def create(
    file: Path = typer.Argument(help="文件位置，之后写进 MINHU_KEYRING_FILE"),
) -> None:
    if file.exists():
        raise Conflict(f"{file} 已存在，没有改动。换掉它，已有数据中的密文就再也解不开")
    create_keyring(file)
    typer.echo(f"已建立 {file}。请与数据库分开备份：少了它，来电人信息和平台密钥都无法恢复")
