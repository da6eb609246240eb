"""`minhu serve`: one service in one process."""

import gc
import os
from enum import StrEnum
from importlib import import_module

import typer
import uvicorn

from services.cli.addresses import read_settings
from services.cli.listening import find_handed, listen, take_over
from shared.logging import set_up_logging
from shared.web.closing import GracefulServer, LastWord
from shared.web.wire import BoundedProtocol

CLOSING_SECONDS = 5
MOST_CONNECTIONS = 2000
BACKLOG = 2048

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Service(StrEnum):
    INTAKE = "intake"
    DISPATCH = "dispatch"
    SCORING = "scoring"


PORT_OFFSETS = {Service.INTAKE: 1, Service.DISPATCH: 2, Service.SCORING: 3}
DEFAULT_PORT_BASE = 8100


@app.command(help="运行一个服务。设置取自环境变量（见 .env.example）。")
def serve(
    service: Service = typer.Argument(help="intake 受理、dispatch 派单、scoring 考核"),
    host: str = typer.Option("127.0.0.1", help="监听地址"),
    port: int = typer.Option(0, help="端口，缺省为 8101、8102、8103"),
    fd: int = typer.Option(-1, help="改用已在监听的套接字（描述符）；systemd 交来的自动取用"),
) -> None:
    settings = read_settings(os.environ)
    set_up_logging(settings.log_level)
    handed = fd if fd >= 0 else find_handed(os.environ)
    own = port or DEFAULT_PORT_BASE + PORT_OFFSETS[service]
    with listen(host, own) if handed is None else take_over(handed) as listening:
        # Loaded by name: a process holds the code of its own service alone.
        create_app = import_module(f"services.{service}.app").create_app
        served = LastWord(create_app(settings))
        # What is loaded by now stays. Every full collection would look through it all again, which
        # stops the process for some 40 ms, now and then in the middle of an answer.
        gc.freeze()
        config = uvicorn.Config(
            served,
            loop="uvloop",
            http=BoundedProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nothing asks for the peer's address or scheme
            date_header=True,
            limit_concurrency=MOST_CONNECTIONS,
            backlog=BACKLOG,
            timeout_graceful_shutdown=CLOSING_SECONDS,
        )
        GracefulServer(config).run(sockets=[listening])
