"""`minhu serve`: one service in one process."""

import gc
import os
import socket
from enum import StrEnum
from importlib import import_module

import typer
import uvicorn

from services.cli.addresses import read_settings
from shared.embedded.folder import PortTaken
from shared.logging import set_up_logging

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
) -> None:
    set_up_logging()
    settings = read_settings(os.environ)
    with listen(host, port or DEFAULT_PORT_BASE + PORT_OFFSETS[service]) as listening:
        # Loaded by name: a process holds the code of its own service alone.
        create_app = import_module(f"services.{service}.app").create_app
        served = create_app(settings)
        # What is loaded by now stays. Every full collection would look through it all again, which
        # stops the process for some 40 ms, now and then in the middle of an answer.
        gc.freeze()
        config = uvicorn.Config(
            served,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nothing asks for the peer's address or scheme
            date_header=True,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=CLOSING_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(f"不能监听 {host}:{port}：{error.strerror}") from error
    listening.set_inheritable(True)
    return listening
