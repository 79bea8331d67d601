"""The list of a visitor's conversations beside the open one: the list alone, rename and delete."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from redis.exceptions import RedisError

from chat import conversations, visitor
from chat.answers import SeeOther, gone, unavailable
from chat.conversations import MAX_TITLE_CHARS, Conversation, Found

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]


def list_context(request: HttpRequest, current: str = "") -> dict[str, Any]:
    """What `chat/_conversations.html` shows: all of the visitor's conversations, or what `?q=` finds in them.

    Raises RedisError.
    """
    query = request.GET.get("q", "").strip()
    known = visitor.session_ids(request.COOKIES)
    found = conversations.search(known, query) if query else Found(conversations.glance(known))
    return {
        "conversations": found.conversations,
        "is_whole": found.is_whole,
        "query": query,
        "current": current,
    }


def _from_redis(view: View) -> View:
    """A view that says in words when Redis is away."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except RedisError as error:
            logger.warning("The conversations of a visitor could not be read: %s", error)
            return unavailable(request)

    return wrapped


@never_cache
@require_safe
@_from_redis
def conversation_list(request: HttpRequest) -> HttpResponse:
    """The list alone, for the live page. It never writes the cookie: another tab may just be writing it."""
    return render(request, "chat/_conversations.html", list_context(request, request.GET.get("current", "")))


class TitleForm(forms.Form):
    """What a conversation shall be called."""

    title = forms.CharField(max_length=MAX_TITLE_CHARS, required=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_from_redis
def manage(request: HttpRequest, session_id: str) -> HttpResponse:
    """Rename a conversation of this visitor, or go on to delete it. POST renames."""
    own = _own(request, session_id)
    if own is None:
        return gone(request)
    form = TitleForm(request.POST if request.method == "POST" else None, initial={"title": own.title})
    if form.is_valid():
        if not conversations.rename(session_id, form.cleaned_data["title"]):
            return gone(request)
        return SeeOther(reverse("conversation", args=[session_id]))
    return render(request, "chat/manage.html", {"own": own, "form": form}, status=400 if form.errors else 200)


def _own(request: HttpRequest, session_id: str) -> Conversation | None:
    if session_id not in visitor.session_ids(request.COOKIES):
        return None
    return next(iter(conversations.glance([session_id])), None)
