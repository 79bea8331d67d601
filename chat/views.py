"""The HTTP API: tokens and health."""

import json
import logging
import math
from typing import Any
from uuid import UUID

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from drf_spectacular.views import SpectacularSwaggerSplitView
from redis.exceptions import RedisError
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ParseError, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.views import exception_handler as drf_exception_handler

from chat import about, events, health, limits, metrics, sessions, visitor
from chat.conf import get_conf
from chat.errors import Busy, ChatError, NotFound, RateLimited, SessionExpired
from chat.events import public
from chat.publishing import publish, publish_ended
from chat.redis_client import is_unavailable
from chat.serializers import (
    EarlierSerializer,
    ErrorSerializer,
    NameErrorSerializer,
    NameSerializer,
    RecordSerializer,
    SessionSerializer,
    VersionsSerializer,
    record_json,
    record_markdown,
    session_json,
    versions_json,
)

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 65_536
"""As much as a frame of the WebSocket may have. A name needs a hundredth of it."""

_STATUS = {
    NotFound: status.HTTP_404_NOT_FOUND,
    RateLimited: status.HTTP_429_TOO_MANY_REQUESTS,
    Busy: status.HTTP_503_SERVICE_UNAVAILABLE,
}
# The words of DRF's validation on the left, those of the WebSocket on the right.
_CODES = {"required": "empty", "null": "empty", "blank": "empty", "max_length": "too_long"}
_ERRORS = {400: ErrorSerializer, 503: ErrorSerializer}
# The token comes as a bearer token (named in the settings of drf-spectacular) or in the query.
_WITH_TOKEN: dict[str, Any] = {
    "parameters": [OpenApiParameter("token", str, description="The token, unless it comes as a bearer token.")],
    "auth": [{"token": []}, {}],
}
_OF_THE_PAGE = OpenApiParameter("session", str, description="For the page: a session of the visitor's own cookie.")


class BodyTooLarge(APIException):
    """The body is larger than any of this API needs to be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body may have {MAX_BODY_BYTES} bytes."
    default_code = "too_large"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answers with a stable `code` added; our own errors and a Redis that is away in the same shape."""
    if isinstance(error, RedisError) and is_unavailable(error):
        logger.warning("Redis is unavailable for a request: %s", error)
        error = Busy("The service is not available right now. Try again in a moment.", retry_after_s=5.0)
    if isinstance(error, ChatError):
        return _refusal(error)
    if isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    elif isinstance(error, SuspiciousOperation):
        error = ParseError("The request could not be read.")
    answer = drf_exception_handler(error, context)
    if answer is not None:
        if not isinstance(answer.data, dict):
            answer.data = {"detail": answer.data}
        answer.data["code"] = _code(error)
    return answer


def _refusal(error: ChatError) -> Response:
    body = {"detail": error.detail, "code": error.code}
    response = Response(body, _STATUS.get(type(error), status.HTTP_400_BAD_REQUEST))
    if error.retry_after_s is not None:
        response["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return response


def _code(error: Exception) -> str:
    """One word for an error of DRF or Django; of several wrong fields, the first one's."""
    if isinstance(error, ValidationError):
        codes: Any = error.get_codes()
        while isinstance(codes, (dict, list)) and codes:
            codes = codes[0] if isinstance(codes, list) else next(iter(codes.values()))
        return _CODES.get(str(codes), "invalid")
    if isinstance(error, APIException):
        return str(error.get_codes())
    # DRF answers these two for Django.
    return "not_found" if isinstance(error, Http404) else "permission_denied"


def body_of(request: Request) -> dict[str, Any]:
    """The fields of a request's body: a form or a JSON object. Raises APIException, whatever the body is."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        raise BodyTooLarge
    try:
        body: Any = request.data
    except RecursionError:
        raise ParseError("The body is too deeply nested.") from None
    except UnicodeError:
        raise ParseError("The body is not in the charset that it names.") from None
    if not isinstance(body, dict):
        raise ParseError("The body must be a JSON object or a form.")
    # A form has lists; the last value of each counts.
    return dict(body.items())


def presented_token(request: Request) -> sessions.Token:
    """The token of a request, from its header or its query. Raises SessionExpired."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    text = bearer.strip() if scheme.lower() == "bearer" else request.query_params.get("token", "")
    token = sessions.parse_token(text)
    about.session(token.session_id)
    return token


def address_of(request: Any) -> str:
    """The network address that limits count, as far as the settings trust the proxies in front."""
    return limits.client_address(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


class ApiView(APIView):
    """What all calls share. Nothing is kept by caches: answers hold tokens and private words."""

    # Details on the wire stay English: what they mean is in their codes.
    @override("en")
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        answer = super().dispatch(request, *args, **kwargs)
        answer["Content-Language"] = "en"
        return answer

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # DRF takes a body that comes in chunks, without a length, for no body at all.
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            request.META["CONTENT_LENGTH"] = str(len(request.body))
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        return answer


class OnlineView(ApiView):
    """Says that the API is there."""

    @extend_schema(
        responses=inline_serializer("Online", {"msg": serializers.CharField()}), summary="Is the API online?"
    )
    def get(self, request: Request) -> Response:
        return Response({"msg": "API is Online"})


class TokenView(ApiView):
    """Begins and ends sessions."""

    @extend_schema(
        summary="Begin a session",
        parameters=[OpenApiParameter("name", str, description="The name, unless it comes in the body.")],
        request=NameSerializer,
        responses={
            200: SessionSerializer,
            400: NameErrorSerializer,
            413: ErrorSerializer,
            415: ErrorSerializer,
            429: ErrorSerializer,
            503: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        name = NameSerializer(data={**request.query_params.dict(), **body_of(request)})
        name.is_valid(raise_exception=True)
        sender = limits.take_session_token(address_of(request))
        token, session = sessions.create(name.validated_data["name"], sender)
        return Response(session_json(token, session, []))

    @extend_schema(summary="End the session", responses={204: None, **_ERRORS}, **_WITH_TOKEN)
    def delete(self, request: Request) -> Response:
        token = presented_token(request)
        ended = sessions.end(token.session_id, token)
        if ended is None:
            raise SessionExpired
        publish_ended(token.session_id, ended)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RefreshTokenView(ApiView):
    """Looks a session up, or rotates its token."""

    @extend_schema(summary="Look a session up", responses={200: SessionSerializer, **_ERRORS}, **_WITH_TOKEN)
    def get(self, request: Request) -> Response:
        return self._answer(presented_token(request))

    @extend_schema(
        summary="Rotate the token",
        description="Gives a new token and starts the time to live again. The old one works 60 s longer.",
        **_WITH_TOKEN,
        request=None,
        responses={200: SessionSerializer, **_ERRORS},
    )
    def post(self, request: Request) -> Response:
        new = sessions.rotate(presented_token(request))
        publish(new.session_id, events.rotated())
        return self._answer(new)

    @staticmethod
    def _answer(token: sessions.Token) -> Response:
        found = sessions.look_up(token, messages=get_conf().api_messages)
        return Response(session_json(token, found.session, found.messages))


class HistoryView(ApiView):
    """The conversation as a download."""

    @extend_schema(
        summary="Take the conversation along",
        parameters=[
            *_WITH_TOKEN["parameters"],
            OpenApiParameter("format", str, enum=["json", "md"], default="json"),
            _OF_THE_PAGE,
        ],
        auth=_WITH_TOKEN["auth"],
        responses={
            (200, "application/json"): RecordSerializer,
            (200, "text/markdown"): OpenApiTypes.STR,
            **_ERRORS,
        },
    )
    def get(self, request: Request) -> HttpResponse:
        form = request.query_params.get("format", "json")
        if form not in ("json", "md"):
            raise ParseError("The format is json or md.")
        record = sessions.read_record(*_readable_session(request))
        if form == "json":
            text, kind = json.dumps(record_json(record), ensure_ascii=False, indent=2), "application/json"
        else:
            text, kind = record_markdown(record), "text/markdown"
        # Lone surrogates, which JSON can carry, have no place in UTF-8.
        response = HttpResponse(text.encode(errors="replace"), content_type=f"{kind}; charset=utf-8")
        name = "".join(letter if letter.isalnum() else "-" for letter in record.name).strip("-") or "chat"
        filename = f"chat-{name}-{record.session_start[:10]}.{form}"
        response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
        response["X-Content-Type-Options"] = "nosniff"
        return response


class MessagesView(ApiView):
    """What was said earlier than the last messages."""

    @extend_schema(
        summary="Read earlier messages",
        description="Pages of a `session` frame's `messages`, for those who scroll up while it says `has_more`.",
        parameters=[
            *_WITH_TOKEN["parameters"],
            OpenApiParameter("before", str, required=True, description="The first human message that is known."),
            _OF_THE_PAGE,
        ],
        auth=_WITH_TOKEN["auth"],
        responses={200: EarlierSerializer, 404: ErrorSerializer, **_ERRORS},
    )
    def get(self, request: Request) -> Response:
        session_id, token = _readable_session(request)
        before = request.query_params.get("before", "")
        limit = get_conf().snapshot_messages
        messages, has_more = sessions.read_earlier(session_id, before, messages=limit, token=token)
        return Response({"messages": [public(message) for message in messages], "has_more": has_more})


class VersionsView(ApiView):
    """What was said in the place of one message."""

    @extend_schema(
        summary="Read all versions of a message and its reply",
        description="A message that was asked again or edited has several, the first one first.",
        parameters=[
            *_WITH_TOKEN["parameters"],
            OpenApiParameter("id", UUID, required=True, description="The human message that stands there now."),
            _OF_THE_PAGE,
        ],
        auth=_WITH_TOKEN["auth"],
        responses={200: VersionsSerializer, **_ERRORS},
    )
    def get(self, request: Request) -> Response:
        session_id, token = _readable_session(request)
        message_id = request.query_params.get("id", "")
        return Response(versions_json(sessions.read_versions(session_id, message_id, token)))


def _readable_session(request: Request) -> tuple[str, sessions.Token | None]:
    """The session of a request that reads: by token, or by the page's cookie. Raises SessionExpired."""
    if "Authorization" in request.headers or "token" in request.query_params:
        token = presented_token(request)
        return token.session_id, token
    session_id = request.query_params.get("session", "")
    if session_id not in visitor.session_ids(request.COOKIES):
        raise SessionExpired
    return session_id, None


class AliveView(ApiView):
    """Says that this process runs."""

    @extend_schema(
        responses=inline_serializer("Alive", {"status": serializers.CharField()}), summary="Is the process alive?"
    )
    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class ReadyView(ApiView):
    """Says whether messages can be accepted and answered."""

    _schema = inline_serializer(
        "Ready",
        {
            "status": serializers.CharField(),
            "redis": serializers.BooleanField(),
            "workers": serializers.IntegerField(),
        },
    )

    @extend_schema(responses={200: _schema, 503: _schema}, summary="Can messages be answered?")
    def get(self, request: Request) -> Response:
        try:
            count, redis_is_there = len(health.workers()), True
        except RedisError:
            count, redis_is_there = 0, False
        is_ready = redis_is_there and count > 0
        return Response(
            {"status": "ok" if is_ready else "unavailable", "redis": redis_is_there, "workers": count},
            status.HTTP_200_OK if is_ready else status.HTTP_503_SERVICE_UNAVAILABLE,
        )


class MetricsView(ApiView):
    """The fleet's figures for Prometheus."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # There is one form, whatever a scraper prefers.
        return self.get_renderers()[0], "*/*"

    @extend_schema(
        summary="Figures of the whole fleet for Prometheus",
        description="With `CHAT_METRICS_TOKEN` set it takes that bearer token; without, it answers programs that "
        "reach it directly from a private address, not through a proxy.",
        auth=_WITH_TOKEN["auth"],
        responses={
            (200, "text/plain"): OpenApiTypes.STR,
            403: ErrorSerializer,
            503: ErrorSerializer,
        },
    )
    def get(self, request: Request) -> HttpResponse:
        if not self._may_read(request):
            raise PermissionDenied("These figures are for operators.")
        return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)

    @staticmethod
    def _may_read(request: Request) -> bool:
        token = get_conf().metrics_token
        if token:
            scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
            return scheme.lower() == "bearer" and constant_time_compare(bearer.strip(), token)
        # What a proxy passes on may come from anywhere.
        return "X-Forwarded-For" not in request.headers and limits.is_private(request.META.get("REMOTE_ADDR", ""))


# The page's template has one <style> of its own, and Swagger UI sets style attributes while it runs.
@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """The API's page. Its script is a request of its own, so scripts stay as strict as elsewhere."""
