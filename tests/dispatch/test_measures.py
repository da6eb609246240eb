"""Requests are told of by route and status, and never by what is in an address."""

from shared.tickets import Hotline
from tests.factories import Desk, make_ticket


async def test_requests_are_counted_by_route_and_status(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="triage")
    await desk.get("desk", f"/v1/tickets/{no}")
    await desk.get("desk", "/v1/tickets/T20260101-000001")
    await desk.get("desk", "/nowhere/13812345678")
    told = (await desk.get("desk", "/metrics")).text

    counted = 'minhu_request_seconds_count{method="%s",route="%s",status="%s"} 1.0'
    assert counted % ("POST", "/v1/tickets/{no}/triage", "200") in told
    assert counted % ("GET", "/v1/tickets/{no}", "200") in told
    assert counted % ("GET", "/v1/tickets/{no}", "404") in told
    assert counted % ("GET", "unknown", "404") in told
    assert no not in told
    assert "13812345678" not in told
