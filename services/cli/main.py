"""The `minhu` command. Each subcommand lives in a module that is loaded when it is called."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from services.cli.disk import explain
from shared.errors import HotlineError


class Place(NamedTuple):
    """The module whose `app` is the command, and the line that `minhu --help` shows of it."""

    module: str
    help: str


COMMANDS: Mapping[str, Place] = MappingProxyType(
    {
        "up": Place("services.cli.up", "在本机启动全部服务，Ctrl-C 停止"),
        "demo": Place("services.cli.demo", "在沙箱里重放模拟的 2022 年，最后打印考核榜"),
        "serve": Place("services.cli.serve", "运行一个服务：intake、dispatch 或 scoring"),
        "worker": Place("services.cli.worker", "运行后台进程"),
        "migrate": Place("services.cli.migrate", "升级数据库结构，建立角色并授权"),
        "keyring": Place("services.cli.keyring", "密钥文件：新建、更换、停用"),
        "audit": Place("services.cli.audit", "查阅记录：核验是否完整"),
        "erase": Place("services.cli.erase", "个人信息：按申请或到期清除，列出清除的标记"),
        "hold": Place("services.cli.hold", "证据保全：设立、解除、列出"),
        "keys": Place("services.cli.keys", "接口密钥：签发、列出、轮换、吊销"),
        "accounts": Place(
            "services.cli.accounts", "人员账号：新建、列出、停用、重置、解锁、强制退出"
        ),
        "sources": Place("services.cli.sources", "上级平台：登记、更换签名密钥、列出"),
        "org": Place("services.cli.organisation", "机构：载入局和承办单位"),
        "calendar": Place("services.cli.calendar", "工作日历：载入一年的放假安排"),
        "limits": Place("services.cli.limits", "时限：载入新的版本，更正已定的时限"),
        "bi": Place("services.cli.readers", "报表用户：授权、收回、列出"),
        "dead-letters": Place("services.cli.dead_letters", "搁置的投递：列出、重投"),
        "recompute": Place("services.cli.recompute", "由事件日志重算全部考核并逐项比对"),
        "doctor": Place("services.cli.doctor", "检查安装，说明哪里不对、如何处理"),
    }
)


class LazyGroup(TyperGroup):
    """Knows every command by name and help; loads the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, name and load(name), rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except HotlineError as error:
            typer.echo(f"错误：{error.detail}", err=True)
            raise typer.Exit(1) from error
        except OSError as error:
            if error.filename is None:
                raise
            typer.echo(f"错误：无法使用 {error.filename}：{explain(error)}", err=True)
            raise typer.Exit(1) from error


def load(name: str) -> TyperCommand | TyperGroup:
    command = cast(
        "TyperCommand | TyperGroup", get_command(import_module(COMMANDS[name].module).app)
    )
    command.name = name
    return command


def announced() -> None:
    """Stands in the list of commands for one that is not loaded."""


app = typer.Typer(
    name="minhu",
    help="minhu（民呼）：12345 热线工单，从接收到考核。",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for name, place in COMMANDS.items():
    app.command(name, help=place.help)(announced)
