"""Sessions in Django's admin: a list, each as a conversation, and an end to them. All of it is read from Redis."""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from redis.exceptions import RedisError

from chat import overview, sessions
from chat.conf import get_conf
from chat.models import Session
from chat.overview import SessionSummary
from chat.publishing import publish_ended

logger = logging.getLogger(__name__)

PAGE_SIZE = 50

View = Callable[..., HttpResponse]


def _from_redis(view: View) -> View:
    """A view that says in words when Redis is away."""

    @wraps(view)
    def wrapped(self: "SessionAdmin", request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(self, request, *args, **kwargs)
        except RedisError as error:
            logger.warning("The admin could not read Redis: %s", error)
            return self.answer(request, "unavailable.html", _("Sessions"), status=503)

    return wrapped


@method_decorator([never_cache, csrf_protect], name="changelist_view")
@method_decorator([never_cache, csrf_protect], name="change_view")
@method_decorator([never_cache, csrf_protect], name="delete_view")
@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The addresses and permissions are Django's; what they show is not in SQL."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False

    @_from_redis
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The sessions, newest first. POST ends the chosen ones, once that was confirmed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._confirm_or_end(request, request.POST.getlist("session"))
        paginator = Paginator(range(overview.count()), PAGE_SIZE)
        page = paginator.get_page(request.GET.get("p"))
        return self.answer(
            request,
            "list.html",
            _("Sessions"),
            sessions=overview.newest(max(0, page.start_index() - 1), PAGE_SIZE),
            page=page,
            page_range=paginator.get_elided_page_range(page.number),
            ellipsis=paginator.ELLIPSIS,
            may_end=self.has_delete_permission(request),
        )

    @_from_redis
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One session as a conversation."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        session_id = unquote(object_id)
        summary = overview.find(session_id)
        snapshot = sessions.snapshot(session_id, messages=get_conf().api_messages)
        if summary is None or snapshot is None:
            return self._gone(request)
        return self.answer(
            request,
            "detail.html",
            summary.name,
            session=summary,
            snapshot=snapshot,
            may_end=self.has_delete_permission(request),
        )

    @_from_redis
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """End one session, once that was confirmed."""
        return self._confirm_or_end(request, [unquote(object_id)])

    def answer(
        self, request: HttpRequest, template: str, title: str, status: int = 200, **context: Any
    ) -> HttpResponse:
        """A page of the admin."""
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/chat/session/{template}", frame | context, status=status)

    def _confirm_or_end(self, request: HttpRequest, session_ids: Sequence[str]) -> HttpResponse:
        if not self.has_delete_permission(request):
            raise PermissionDenied
        chosen = [found for found in map(overview.find, session_ids[:PAGE_SIZE]) if found]
        if not chosen:
            return self._gone(request)
        if request.method != "POST" or "confirmed" not in request.POST:
            return self.answer(request, "end.html", _("End sessions"), sessions=chosen)
        ended = [session for session in chosen if self._end(request, session)]
        text = ngettext("%d session was ended.", "%d sessions were ended.", len(ended)) % len(ended)
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:chat_session_changelist"))

    def _end(self, request: HttpRequest, session: SessionSummary) -> bool:
        ended = sessions.end(session.id)
        if ended is None:
            return False
        publish_ended(session.id, ended)
        logger.info("Session %s was ended by staff member %s", session.short_id, request.user.pk)
        LogEntry.objects.log_actions(
            user_id=cast(int, request.user.pk),
            queryset=[Session(pk=session.id)],
            action_flag=DELETION,
            change_message=_("Ended"),
            single_object=True,
        )
        return True

    def _gone(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, _("This session has expired or was ended."), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:chat_session_changelist"))
