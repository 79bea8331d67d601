"""Sessions: a list that is searched and filtered, each as a conversation, and what staff may do about it."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, DELETION
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat import events, overview, queue, search, sessions
from chat.admin.base import RedisAdmin, action, from_redis, refused
from chat.conf import get_conf
from chat.errors import ChatError, SessionExpired
from chat.models import Session
from chat.overview import SessionSummary
from chat.publishing import publish, publish_ended, publish_stopped
from chat.search import AGES, STATES, Wanted
from chat.serializers import record_markdown

PAGE_SIZE = 50


@admin.register(Session)
class SessionAdmin(RedisAdmin):
    """Who may view sessions may read and export them; to stop and to answer again needs change, to end delete."""

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<path:object_id>/stop/", self._view(self.stop_view), name="chat_session_stop"),
            path("<path:object_id>/again/", self._view(self.again_view), name="chat_session_again"),
            path("<path:object_id>/export/<str:form>/", self._view(self.export_view), name="chat_session_export"),
        ]
        return own + super().get_urls()

    def _view(self, view: Any) -> Any:
        return self.admin_site.admin_view(view)

    # --- Pages ---

    @from_redis
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The sessions, newest first, or those that are searched. POST ends the chosen ones, once confirmed."""
        self.require_view(request)
        if request.method == "POST":
            return self._confirm_or_end(request, request.POST.getlist("session"))
        wanted = _wanted(request)
        context = self._found(request, wanted) if wanted else self._page(request)
        return self.answer(
            request,
            "admin/chat/session/list.html",
            _("Sessions"),
            wanted=wanted,
            filters=_filters(wanted),
            may_end=self.has_delete_permission(request),
            **context,
        )

    @from_redis
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One session as a conversation."""
        self.require_view(request)
        session_id = unquote(object_id)
        summary = overview.find(session_id)
        snapshot = sessions.snapshot(session_id, messages=get_conf().api_messages)
        if summary is None or snapshot is None:
            return self._gone(request)
        return self.answer(
            request,
            "admin/chat/session/detail.html",
            summary.name,
            session=summary,
            snapshot=snapshot,
            may_change=self.has_change_permission(request),
            may_end=self.has_delete_permission(request),
        )

    @from_redis
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """End one session, once that was confirmed."""
        return self._confirm_or_end(request, [unquote(object_id)])

    # --- Actions ---

    @action
    def stop_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the running reply, keep what was written."""
        session_id = unquote(object_id)
        try:
            stopped = queue.stop_sync(session_id)
        except ChatError as error:
            self.message_user(request, refused(error), messages.WARNING)
        else:
            publish_stopped(session_id, stopped)
            self.log_done(request, Session(pk=session_id), CHANGE, _("Stopped the running reply"))
            self.message_user(request, _("The reply was stopped."), messages.SUCCESS)
        return _to_session(session_id)

    @action
    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer a failed message again."""
        session_id = unquote(object_id)
        try:
            again = queue.retry_for_staff(session_id, request.POST.get("message", ""))
        except ChatError as error:
            self.message_user(request, refused(error), messages.WARNING)
        else:
            publish(session_id, events.queued(again.rev, again.message, again.position))
            self.log_done(request, Session(pk=session_id), CHANGE, _("Queued a failed message again"))
            self.message_user(request, _("The message waits to be answered again."), messages.SUCCESS)
        return _to_session(session_id)

    @from_redis
    def export_view(self, request: HttpRequest, object_id: str, form: str) -> HttpResponse:
        """The conversation as a file: as its visitor gets it (md), or with all that is stored (json)."""
        self.require_view(request)
        session_id = unquote(object_id)
        try:
            record = sessions.read_record(session_id)
        except SessionExpired:
            return self._gone(request)
        if form == "json":
            body = {"name": record.name, "session_start": record.session_start, "messages": record.messages}
            text, kind = json.dumps(body, ensure_ascii=False, indent=2), "application/json"
        elif form == "md":
            text, kind = record_markdown(record), "text/markdown"
        else:
            raise Http404
        self.log_done(request, Session(pk=session_id), CHANGE, _("Exported as %s") % form)
        # Lone surrogates, which JSON can carry, have no place in UTF-8.
        response = HttpResponse(text.encode(errors="replace"), content_type=f"{kind}; charset=utf-8")
        name = f"chat-{session_id[:8]}-{record.session_start[:10]}.{form}"
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return response

    def _confirm_or_end(self, request: HttpRequest, session_ids: Sequence[str]) -> HttpResponse:
        if not self.has_delete_permission(request):
            raise PermissionDenied
        chosen = overview.read(list(session_ids[:PAGE_SIZE]))
        if not chosen:
            return self._gone(request)
        if request.method != "POST" or "confirmed" not in request.POST:
            return self.answer(request, "admin/chat/session/end.html", _("End sessions"), sessions=chosen)
        ended = [session for session in chosen if self._end(request, session)]
        text = ngettext("%d session was ended.", "%d sessions were ended.", len(ended)) % len(ended)
        self.message_user(request, text, messages.SUCCESS)
        return self.to_list()

    def _end(self, request: HttpRequest, session: SessionSummary) -> bool:
        ended = sessions.end(session.id)
        if ended is None:
            return False
        publish_ended(session.id, ended)
        self.log_done(request, Session(pk=session.id), DELETION, _("Ended"))
        return True

    def _gone(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, _("This session has expired or was ended."), messages.WARNING)
        return self.to_list()

    # --- The list ---

    @staticmethod
    def _page(request: HttpRequest) -> dict[str, Any]:
        """A numbered page of all sessions."""
        paginator = Paginator(range(overview.listed()), PAGE_SIZE)
        page = paginator.get_page(request.GET.get("p"))
        return {
            "sessions": overview.newest(max(0, page.start_index() - 1), PAGE_SIZE),
            "page": page,
            "page_range": paginator.get_elided_page_range(page.number),
            "ellipsis": paginator.ELLIPSIS,
        }

    @staticmethod
    def _found(request: HttpRequest, wanted: Wanted) -> dict[str, Any]:
        """What a search finds in bounded time, and where it goes on."""
        rank = request.GET.get("rank", "")
        found = search.search(wanted, int(rank) if rank.isdecimal() and len(rank) < 10 else 0, PAGE_SIZE)
        further = None if found.next_rank is None else _query(wanted, rank=found.next_rank)
        return {"sessions": found.sessions, "further": further, "looked_at": found.next_rank}


def _wanted(request: HttpRequest) -> Wanted:
    state, age = request.GET.get("state", ""), request.GET.get("age", "")
    return Wanted(
        text=request.GET.get("q", "").strip()[:100],
        state=next((known for known in STATES if known == state), ""),
        age=next((known for known in AGES if known == age), ""),
    )


def _filters(wanted: Wanted) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Titles, and of each the choices: its words, its query, whether it is chosen."""
    states = {
        "": _("All"),
        "waiting": _("Waiting"),
        "answering": _("Answering"),
        "failed": _("Failed"),
        "idle": _("Idle"),
    }
    ages = {
        "": _("Any time"),
        "hour": _("In the last hour"),
        "day": _("In the last day"),
        "older": _("More than a day ago"),
    }
    return [
        (_("State"), [(words, _query(wanted, state=key), key == wanted.state) for key, words in states.items()]),
        (_("Begun"), [(words, _query(wanted, age=key), key == wanted.age) for key, words in ages.items()]),
    ]


def _query(wanted: Wanted, **changes: Any) -> str:
    values = {"q": wanted.text, "state": wanted.state, "age": wanted.age} | changes
    return "?" + urlencode({name: value for name, value in values.items() if value != ""})


def _to_session(session_id: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:chat_session_change", args=[quote(session_id)]))
