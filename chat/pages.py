"""The server-rendered pages: the first one, where a name begins a session, and the conversation.

A conversation can be read and written to with forms alone; the modules in `static/chat/js` make it live.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from redis.exceptions import RedisError

from chat import about, errors, events, health, language, limits, queue, sessions, tracing, visitor
from chat.answers import SeeOther, gone, unavailable
from chat.conf import get_conf
from chat.errors import ChatError
from chat.events import StoredMessage
from chat.publishing import publish, publish_ended
from chat.sessions import Snapshot
from chat.sidebar import list_context
from chat.views import address_of

logger = logging.getLogger(__name__)

FULL_MAILBOX_RETRY_S = 5.0

_STATUS_OF_ERROR = {
    errors.RateLimited: 429,
    errors.QueueFull: 429,
    errors.Busy: 503,
}


class NameForm(forms.Form):
    """What a session begins with."""

    name = forms.CharField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].error_messages["required"] = _("Please tell us a name first. Any name will do.")

    def clean_name(self) -> str:
        name: str = " ".join(self.cleaned_data["name"].split())
        limit = get_conf().max_name_chars
        if len(name) > limit:
            raise forms.ValidationError(
                _("This name has %(count)d characters. Please use %(limit)d at most."),
                params={"count": len(name), "limit": limit},
            )
        return name


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """The first page. POST begins a session."""
    if request.method != "POST":
        return _home(request, NameForm())
    form = NameForm(request.POST)
    if not form.is_valid():
        return _home(request, form, status=400)
    try:
        sender = limits.take_session_token(address_of(request))
        _token, session = sessions.create(form.cleaned_data["name"], sender)
    except errors.RateLimited as error:
        return _refuse(error, _home(request, form, _words(error), status=429))
    except RedisError as error:
        logger.warning("A session could not be created: %s", error)
        return _home(request, form, _words(errors.Busy()), status=503)
    response = SeeOther(reverse("conversation", args=[session.id]))
    visitor.remember(response, request.COOKIES, session.id)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def conversation(request: HttpRequest, session_id: str) -> HttpResponse:
    """A conversation of this visitor. POST queues a message, for browsers without JavaScript."""
    if session_id not in visitor.session_ids(request.COOKIES):
        return gone(request)
    about.session(session_id)
    try:
        if request.method == "POST":
            return _send(request, session_id)
        snapshot = sessions.snapshot(session_id)
        if snapshot and "before" in request.GET:
            snapshot = _earlier(snapshot, request.GET["before"])
    except (errors.NotFound, errors.SessionExpired):
        return gone(request)
    except RedisError as error:
        logger.warning("A conversation could not be read: %s", error)
        return unavailable(request)
    return _conversation(request, snapshot) if snapshot else gone(request)


@never_cache
@require_POST
def end(request: HttpRequest, session_id: str) -> HttpResponse:
    """End a session of this visitor and delete all of it."""
    if session_id not in visitor.session_ids(request.COOKIES):
        return gone(request)
    about.session(session_id)
    try:
        ended = sessions.end(session_id)
    except RedisError as error:
        logger.warning("A session could not be ended: %s", error)
        return unavailable(request)
    if ended is not None:
        publish_ended(session_id, ended)
    response = SeeOther(reverse("home"))
    visitor.forget(response, request.COOKIES, session_id)
    return response


# --- The first page ---


def _home(request: HttpRequest, form: NameForm, problem: str = "", *, status: int = 200) -> HttpResponse:
    context = {"form": form, "problem": problem}
    try:
        living = list_context(request)
    except RedisError as error:
        logger.warning("The sessions of a visitor could not be read: %s", error)
        return render(request, "chat/home.html", context, status=status)
    response = render(request, "chat/home.html", context | living, status=status)
    expired = set(visitor.session_ids(request.COOKIES)) - {own.id for own in living["conversations"]}
    if expired and not living["query"]:
        visitor.forget(response, request.COOKIES, *expired)
    return response


# --- The conversation ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message as the page shows it. `static/chat/js/state.js` makes the same of the frames."""

    id: str = ""
    source: str
    text: str = ""
    timestamp: str = ""
    status: str = "done"
    note: str = ""

    @property
    def at(self) -> datetime | None:
        return _at(self.timestamp) if self.timestamp else None


def _earlier(snapshot: Snapshot, before: str) -> Snapshot:
    """What was said before a message, in place of the end: without scripts one turns pages."""
    limit = get_conf().snapshot_messages
    messages, has_more = sessions.read_earlier(snapshot.session.id, before, messages=limit)
    return replace(snapshot, messages=messages, has_more=has_more, pending=[], reply=None)


def _turns(snapshot: Snapshot) -> Iterator[Turn]:
    for message in snapshot.messages:
        yield _turn_of_history(message)
    reply = snapshot.reply
    for place, message in enumerate(snapshot.pending):
        is_answered = reply is not None and reply.to == message["id"]
        yield Turn(
            id=message["id"],
            source="human",
            text=message["text"],
            timestamp=message["timestamp"],
            status="answering" if is_answered else "waiting",
            note="" if is_answered else _waiting_words(place),
        )
        if is_answered and reply:
            yield Turn(id=reply.id, source="bot", text=reply.text, status="streaming", note=_("Writing"))


def _turn_of_history(message: StoredMessage) -> Turn:
    status, note = "done", ""
    if "code" in message:
        status, note = "failed", language.explain(message["code"], message.get("detail", ""))
    elif message.get("finish") == "stopped":
        status, note = "stopped", _("Stopped")
    elif message.get("finish") == "length":
        note = _("Ended at the length limit")
    return Turn(
        id=message["id"],
        source=message["source"],
        text=message["text"],
        timestamp=message["timestamp"],
        status=status,
        note=note,
    )


def _waiting_words(place: int) -> str:
    if place == 0:
        return _("Waiting for the model")
    return _("Waiting, next in line") if place == 1 else _("Waiting, number %d in line") % place


def _conversation(
    request: HttpRequest, snapshot: Snapshot, *, draft: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    listed = list_context(request, snapshot.session.id)
    own = next((each for each in listed["conversations"] if each.id == snapshot.session.id), None)
    context = {
        **live_context(),
        **listed,
        "session": snapshot.session,
        "title": own.title if own else "",
        "turns": list(_turns(snapshot)),
        "waiting": snapshot.pending,
        "has_more": snapshot.has_more,
        "first": next((said["id"] for said in snapshot.messages if said["source"] == "human"), ""),
        "is_earlier": "before" in request.GET,
        "draft": draft,
        "problem": problem,
    }
    return render(request, "chat/conversation.html", context, status=status)


def live_context() -> dict[str, Any]:
    """What the page of any conversation needs."""
    return {
        "blank_human": Turn(source="human"),
        "blank_bot": Turn(source="bot"),
        "examples": [
            _("What is a session?"),
            _("How do I plug in my own model?"),
            _("Tell me a joke"),
            _("What is 17 + 25?"),
        ],
        "error_words": language.error_words(),
        "page_words": language.page_words(),
        "max_chars": get_conf().max_chars,
        "new_id": uuid4(),
        "model": health.model_name(),
    }


def _send(request: HttpRequest, session_id: str) -> HttpResponse:
    # Forms send CR LF; the same text typed into the live page has LF.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        message_id = _message_id(request)
        about.message(message_id)
        with tracing.span("accept", message_id, session_id):
            accepted = queue.accept_sync(session_id, message_id, events.check_text(text))
    except errors.SessionExpired:
        return gone(request)
    except ChatError as refusal:
        return _refused_message(request, session_id, text, refusal)
    if accepted and accepted.is_new:
        publish(session_id, events.queued(accepted.rev, accepted.message, accepted.position))
    return SeeOther(reverse("conversation", args=[session_id]) + "#latest")


def _message_id(request: HttpRequest) -> str:
    # The page brings an id along, so that a form sent twice queues one message.
    try:
        return str(UUID(request.POST.get("id", "")))
    except ValueError:
        return str(uuid4())


def _refused_message(request: HttpRequest, session_id: str, text: str, refusal: ChatError) -> HttpResponse:
    snapshot = sessions.snapshot(session_id)
    if snapshot is None:
        return gone(request)
    status = _STATUS_OF_ERROR.get(type(refusal), 400)
    page = _conversation(request, snapshot, draft=text, problem=_words(refusal), status=status)
    return _refuse(refusal, page)


# --- Words ---


def _words(error: ChatError) -> str:
    said = language.explain(error.code, error.detail)
    if error.retry_after_s is None:
        return said
    return _("%(what)s You can try again in %(seconds)d s.") % {
        "what": said,
        "seconds": max(1, round(error.retry_after_s)),
    }


def _refuse(error: ChatError, response: HttpResponse) -> HttpResponse:
    retry_after_s = error.retry_after_s
    if retry_after_s is None and response.status_code == 429:
        # A full mailbox has room when the next reply is there; nobody knows when that is.
        retry_after_s = FULL_MAILBOX_RETRY_S
    if retry_after_s is not None:
        response["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    return response


def _at(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)
