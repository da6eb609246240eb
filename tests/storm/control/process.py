"""`python -m tests.storm.control.process web|worker`: the consumer's two processes, under cuts."""

import argparse
import asyncio
import logging
import os

import uvicorn
from arq import run_worker

from tests.faults.choosing import install_wanted
from tests.storm.control.consumer import create_app, worker_settings

DATABASE, REDIS = "CONTROL_DATABASE_URL", "CONTROL_REDIS_URL"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("web", "worker"))
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    install_wanted(os.environ, process=given.part)
    if given.part == "web":
        app = create_app(os.environ[REDIS])
        uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning")
        return
    asyncio.set_event_loop(asyncio.new_event_loop())  # arq takes the current one
    run_worker(worker_settings(os.environ[DATABASE], os.environ[REDIS]))


if __name__ == "__main__":
    main()
