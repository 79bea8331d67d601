"""Errors to Sentry and traces to OpenTelemetry, each with one variable. Nothing is imported without it.

Neither is ever given what people wrote, a token or a key: no request, no local variable, no text.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from chat import tracing
from chat.about import AboutFilter


def start(sentry_dsn: str, otlp_endpoint: str) -> None:
    """Start what has an address. Raises ImproperlyConfigured, also when a package is missing."""
    if sentry_dsn:
        start_sentry(sentry_dsn)
    if otlp_endpoint:
        start_tracing()


def start_sentry(dsn: str) -> None:
    """Send what is logged as an error, and what ends the process. Raises ImproperlyConfigured."""
    _need("sentry_sdk", "SENTRY_DSN")
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.dedupe import DedupeIntegration
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.utils import BadDsn

    try:
        sentry_sdk.init(
            dsn=dsn,
            # Those that patch Django, Redis and HTTP clients see addresses with tokens and commands with texts.
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                LoggingIntegration(level=logging.WARNING, event_level=logging.ERROR),
                ExcepthookIntegration(),
                AtexitIntegration(callback=lambda _pending, _timeout: None),
                DedupeIntegration(),
            ],
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=_without_secrets,
            before_breadcrumb=_only_the_line,
        )
    except BadDsn as error:
        raise ImproperlyConfigured(f"SENTRY_DSN is no address of Sentry: {error}") from None


def _without_secrets(event: Any, hint: dict[str, Any]) -> Any:
    # The request that a record of Django carries is shown with its query, which may hold a token.
    for part in ("request", "extra", "user"):
        event.pop(part, None)
    record = hint.get("log_record")
    if record is not None:
        AboutFilter().filter(record)
        about = {name: getattr(record, name) for name in ("session", "message_id") if getattr(record, name)}
        event["tags"] = {**(event.get("tags") or {}), **about}
    return event


def _only_the_line(crumb: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    # The same request again, of a line that was logged before the error.
    crumb.pop("data", None)
    return crumb


def start_tracing() -> None:
    """Send spans to OTEL_EXPORTER_OTLP_ENDPOINT over HTTP, in the background. Raises ImproperlyConfigured.

    OpenTelemetry's own variables, such as OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME and OTEL_TRACES_SAMPLER,
    hold as its documentation says.
    """
    _need("opentelemetry.sdk", "OTEL_EXPORTER_OTLP_ENDPOINT")
    _need("opentelemetry.exporter.otlp.proto.http", "OTEL_EXPORTER_OTLP_ENDPOINT")
    tracing.start(_OpenTelemetry())


_root: ContextVar[UUID | None] = ContextVar("root", default=None)


class _OpenTelemetry:
    """Spans whose trace is the message's id. The first one, of `accept`, is the parent of all others."""

    def __init__(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        class FromMessage(RandomIdGenerator):
            def generate_trace_id(self) -> int:
                root = _root.get()
                return root.int if root else super().generate_trace_id()

            def generate_span_id(self) -> int:
                root = _root.get()
                return _span_id(root) if root else super().generate_span_id()

        resource = Resource.create()
        if str(resource.attributes["service.name"]).startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": "chat"}))
        provider = TracerProvider(resource=resource, id_generator=FromMessage())
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = provider.get_tracer("chat")

    @contextmanager
    def span(self, name: str, message_id: str, attributes: tracing.Attributes) -> Iterator[tracing.Span]:
        from opentelemetry import trace
        from opentelemetry.context import Context

        message = UUID(message_id)
        known = {**attributes, "message": message_id}
        if name == "accept":
            token = _root.set(message)
            try:
                opened = self._tracer.start_span(name, context=Context(), attributes=known)
            finally:
                _root.reset(token)
        else:
            parent = trace.SpanContext(message.int, _span_id(message), True, trace.TraceFlags(1))
            context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
            opened = self._tracer.start_span(name, context=context, attributes=known)
        try:
            yield opened
        finally:
            opened.end()


def _span_id(message: UUID) -> int:
    # Zero is none, and the same for all.
    return message.int & 0xFFFF_FFFF_FFFF_FFFF or 1


def _need(module: str, variable: str) -> None:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ImproperlyConfigured(
            f"{variable} is set, but {module} is not installed: pip install -r requirements-observability.txt"
        )
