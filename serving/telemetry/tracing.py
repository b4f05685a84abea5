"""Spans from a request through retrieval to the provider, in OpenTelemetry's conventions for generative AI.

Without a collector (`PIXEL_API_OTLP_ENDPOINT`) nothing is recorded, and a span costs next to nothing. Spans carry ids, names of
models and counts: no question, answer, passage or prompt.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

_NAME = "pixel"
Attribute = str | int | float | bool


def configure(endpoint: str | None) -> None:
    """Send spans to an OTLP collector over HTTP; without an address they go nowhere.

    Args:
        endpoint: For example `http://127.0.0.1:4318/v1/traces`.
    """
    if not endpoint:
        return
    # The SDK and its exporter are only loaded where they are used: the API starts faster without.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "pixel-api"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
    _tracer.cache_clear()


@lru_cache
def _tracer() -> Tracer:
    return trace.get_tracer(_NAME)


@contextmanager
def span(name: str, attributes: Mapping[str, Attribute] | None = None, *, parent: Span | None = None) -> Iterator[Span]:
    """A span around a block; an exception marks it as failed with its type, never with its text.

    A generator that yields inside the block hands control to others: give `parent`, since the current span is theirs then.

    Args:
        name: For example `chat gpt-x`.
        attributes: Ids, names and counts.
        parent: The span that this one belongs to; the current one unless given.
    """
    context = trace.set_span_in_context(parent) if parent is not None else None
    started = _tracer().start_span(name, context=context, kind=SpanKind.CLIENT, attributes=dict(attributes or {}))
    try:
        yield started
    except BaseException as error:
        started.set_attribute("error.type", type(error).__name__)
        started.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        started.end()
