"""One signed call: no redirects, no proxy of the environment.

Of a callback nothing is read but the head; of all else no more than is asked for, in no more time.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from shared.outgoing.addresses import Reach, RefusedAddress, Resolver, pin, read_target, resolve

TIMEOUT_SECONDS = 5.0
GONE = 410
BUSY = (429, 503)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent, and where to. `headers` are signed over `body`."""

    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """`status`, or in `error` why there is none; `retry_after` in seconds, where it was said."""

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    milliseconds: int = 0

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """What is kept of a failure."""
        return self.error or f"HTTP {self.status}"


@dataclass(frozen=True, slots=True)
class Page:
    """What was read: its body with status 200, or in `error` why there is none."""

    body: bytes = b""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """`resolver` and `tls` are given by tests alone; `timeout` bounds all of one call."""

    http: httpx.AsyncClient
    reach: Reach
    resolver: Resolver = resolve
    timeout: float = TIMEOUT_SECONDS

    async def post(self, letter: Letter) -> Answer:
        """Never raises for what the receiver does, or for where its address leads."""
        begun_at = time.monotonic()
        try:
            async with asyncio.timeout(self.timeout):
                status, retry_after = await self._post(letter)
        except (OSError, ValueError, httpx.HTTPError, RefusedAddress) as error:
            return Answer(error=name_of(error), milliseconds=_since(begun_at))
        return Answer(status, None, retry_after, _since(begun_at))

    async def read(
        self, url: str, headers: Mapping[str, str], *, most: int, seconds: float
    ) -> Page:
        """A GET of at most so many bytes in at most so many seconds. Never raises either."""
        return await self._read("GET", Letter(url, b"", dict(headers)), most=most, seconds=seconds)

    async def ask(self, letter: Letter, *, most: int, seconds: float) -> Page:
        """A POST whose answer is read, as bounded as a GET is."""
        return await self._read("POST", letter, most=most, seconds=seconds)

    async def _read(self, method: str, letter: Letter, *, most: int, seconds: float) -> Page:
        body = letter.body if method == "POST" else None
        try:
            async with (
                asyncio.timeout(seconds),
                self._open(
                    method, letter.url, letter.headers, body=body, timeout=seconds
                ) as response,
            ):
                if response.status_code != 200:
                    return Page(error=f"HTTP {response.status_code}")
                parts: list[bytes] = []
                async for part in response.aiter_bytes():
                    most -= len(part)
                    if most < 0:
                        return Page(error="too-large")
                    parts.append(part)
        except (OSError, ValueError, httpx.HTTPError, RefusedAddress) as error:
            return Page(error=name_of(error))
        return Page(b"".join(parts))

    async def _post(self, letter: Letter) -> tuple[int, float | None]:
        async with self._open(
            "POST", letter.url, letter.headers, body=letter.body, timeout=self.timeout
        ) as response:
            return response.status_code, read_retry_after(response)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        *,
        timeout: float,  # noqa: ASYNC109 - of each step; the caller bounds the whole
        body: bytes | None = None,
    ) -> AsyncIterator[httpx.Response]:
        target = read_target(url, self.reach)
        address = await pin(target, self.reach, resolver=self.resolver)
        host = f"[{address}]" if ":" in address else address
        async with self.http.stream(
            method,
            f"{target.scheme}://{host}:{target.port}{target.path}",
            content=body,
            headers={**headers, "host": target.authority},
            timeout=timeout,
            # TLS greets, and checks the certificate of, the name rather than the address.
            extensions={"sni_hostname": target.host},
        ) as response:
            yield response


@asynccontextmanager
async def open_client(
    reach: Reach,
    *,
    resolver: Resolver = resolve,
    timeout: float = TIMEOUT_SECONDS,  # noqa: ASYNC109 - kept for every call
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Client]:
    """A connection serves one call: two names on one address never share one."""
    async with httpx.AsyncClient(
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        verify=tls if tls is not None else True,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
    ) as http:
        yield Client(http, reach, resolver, timeout)


def name_of(error: BaseException) -> str:
    """A word of ours for what went wrong: never text that the receiver has a hand in."""
    if isinstance(error, RefusedAddress):
        return error.code
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "timeout"
    if isinstance(error, httpx.ConnectError | OSError):
        return "unreachable"
    return "broken-answer"


def read_retry_after(response: httpx.Response) -> float | None:
    """Seconds, or a date by real time; None where it says neither."""
    given = response.headers.get("retry-after", "").strip()
    if response.status_code not in BUSY or not given:
        return None
    if given.isascii() and given.isdigit():
        return float(given[:9])
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _since(begun_at: float) -> int:
    return round((time.monotonic() - begun_at) * 1000)
