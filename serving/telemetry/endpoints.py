"""`/metrics`, for a scraper on this machine or one with the token."""

import hmac
import ipaddress

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from serving.dependencies import Context
from serving.errors import UnauthenticatedError
from serving.telemetry.metrics import exposition

router = APIRouter(tags=["telemetry"])


@router.get("/metrics", response_class=Response)
async def read_metrics(request: Request, context: Context) -> Response:
    """Metrics in Prometheus's text format. From another machine the token of `PIXEL_API_METRICS_TOKEN` is asked for."""
    if not _may_read(request, context.settings.metrics_token):
        raise UnauthenticatedError("Send the metrics token as `Authorization: Bearer …`, or scrape from this machine")
    return Response(exposition(context), media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request, token: str | None) -> bool:
    if token:
        _, _, sent = request.headers.get("authorization", "").partition(" ")
        return hmac.compare_digest(sent.encode(), token.encode())
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
