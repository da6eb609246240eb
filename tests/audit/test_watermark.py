"""Every export tells who took it and when, and so does the log; its rows stay as they were."""

from urllib.parse import unquote

from httpx import AsyncClient

from tests.audit.conftest import NOW, Entries
from tests.factories import SetClock


async def test_an_export_tells_who_took_it_and_when(
    scoring: AsyncClient, keys: dict[str, str], set_clock: SetClock, entries: Entries
) -> None:
    await set_clock(NOW)
    headers = {"Authorization": f"Bearer {keys['leader']}"}
    bodies = set()
    for path in ("/v1/facts?format=csv", "/v1/facts?format=csv", "/v1/facts?format=csv&limit=9"):
        answer = await scoring.get(path, headers=headers)
        bodies.add(answer.content)
        entry = (await entries())[-1]
        told = unquote(answer.headers["x-watermark"])
        name = answer.headers["content-disposition"].partition("=")[2].strip('"')

        assert (entry.kind, entry.detail["query"]["format"]) == ("figures.exported", "csv")
        assert f'by="{entry.actor}"; key="{entry.key}"; role="leader"; at="{NOW}"' == told
        assert name == f"facts-20261118T093000-{entry.key}.csv"
    assert len(bodies) == 1
    paged = await scoring.get("/v1/facts", headers=headers)
    assert paged.headers["x-watermark"] == answer.headers["x-watermark"]
    assert set(paged.json()) == {"items", "next_cursor"}
