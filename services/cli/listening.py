"""Where a service listens: an address of its own, or a socket that outlives it.

A socket that systemd (or another parent) holds open keeps its queue while one process goes and
the next one comes: whoever connects in between waits, and nobody is refused.
"""

import os
import socket
from collections.abc import Mapping

from shared.embedded.folder import PortTaken
from shared.settings import MissingSetting

# sd_listen_fds(3): handed-over sockets begin here, and are meant for the process named.
FIRST_HANDED = 3
HANDED = "LISTEN_FDS"
MEANT_FOR = "LISTEN_PID"


def find_handed(env: Mapping[str, str]) -> int | None:
    """The descriptor of the one socket that systemd handed to this process."""
    if env.get(MEANT_FOR) != str(os.getpid()):
        return None
    if env.get(HANDED) != "1":
        raise MissingSetting(f"应由 systemd 交来一个套接字，{HANDED}={env.get(HANDED, '')}")
    return FIRST_HANDED


def take_over(descriptor: int) -> socket.socket:
    """A socket that listens already. It stays open with whoever handed it over."""
    try:
        listening = socket.socket(fileno=descriptor)
        is_listening = listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise MissingSetting(f"描述符 {descriptor} 不是套接字：{error.strerror}") from error
    if not is_listening:
        listening.close()
        raise MissingSetting(f"描述符 {descriptor} 不是监听中的套接字")
    listening.set_inheritable(False)
    return listening


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
