"""A small stack under a supervisor, to be ended in every way: run with a data folder."""

import json
import os
import sys
from pathlib import Path

from services.cli.supervisor import Program, Supervisor
from shared.embedded import start_postgres, start_redis

STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
signal.pause()
"""
PROGRAMS = {
    "polite": ["sh", "-c", "echo here; exec sleep 1000"],
    "parent": ["sh", "-c", "sleep 1000 & setsid sleep 1000 & echo born; wait"],
    "stubborn": [sys.executable, "-c", STUBBORN],
}


def main(data_dir: Path, names: list[str]) -> None:
    with Supervisor(data_dir / "logs") as supervisor:
        postgres = start_postgres(data_dir, keeper=supervisor.keeper)
        supervisor.adopt(postgres)
        valkey = start_redis(data_dir, keeper=supervisor.keeper)
        supervisor.adopt(valkey)
        for name in names:
            supervisor.start(Program(name, PROGRAMS[name], {"PATH": os.environ["PATH"]}))
        logs = [data_dir / "logs" / f"{name}.log" for name in names]
        supervisor.wait_for(lambda: all(log.stat().st_size for log in logs), seconds=10)
        pids = {"postgres": postgres.pid, "redis": valkey.pid, "keeper": supervisor.keeper.pid}
        sys.stdout.write(json.dumps(pids) + "\n")
        sys.stdout.flush()
        supervisor.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
