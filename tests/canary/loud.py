"""A minhu command in which no library keeps anything to itself: statements, rows, addresses."""

from logging import DEBUG, getLogger

from services.cli.main import app
from shared import logging

if __name__ == "__main__":
    logging.RETICENT = ()
    for name in ("sqlalchemy", "httpcore", "httpx", "redis", "arq", "asyncio"):
        getLogger(name).setLevel(DEBUG)
    app(prog_name="minhu")
