"""What the pages of the admin share. All that they show is in Redis; SQL holds the log of what staff did."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., HttpResponse])


def from_redis(view: View) -> View:
    """A view that says in words when Redis is away."""

    @wraps(view)
    def wrapped(self: "RedisAdmin", request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(self, request, *args, **kwargs)
        except RedisError as error:
            logger.warning("The admin could not read Redis: %s", error)
            title = str(self.opts.verbose_name_plural).capitalize()
            return self.answer(request, "admin/chat/unavailable.html", title, status=503)

    return cast(View, wrapped)


def action(view: View) -> View:
    """A view that does something: by POST, for those who may change what it is about."""

    @wraps(view)
    def wrapped(self: "RedisAdmin", request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        return view(self, request, *args, **kwargs)

    return from_redis(cast(View, wrapped))


class RedisAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The addresses, permissions and history are Django's; what the pages show is not in SQL."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """For the page with the history of an object, which outlives what it is about."""
        return self.model(pk=object_id)

    def answer(
        self, request: HttpRequest, template: str, title: str, status: int = 200, **context: Any
    ) -> HttpResponse:
        """A page of the admin."""
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, template, frame | context, status=status)

    def to_list(self) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Where the admin's history leads: to the list, where a thing has no page of its own."""
        return self.to_list()

    def log_done(self, request: HttpRequest, thing: models.Model, flag: int, text: str) -> None:
        """Note who did what in the history. That is in SQL: no name and no word of a visitor belongs there."""
        LogEntry.objects.log_actions(
            user_id=cast(int, request.user.pk),
            queryset=[thing],
            action_flag=flag,
            change_message=text,
            single_object=True,
        )
        logger.info("%s %s: %s, by staff member %s", self.opts.verbose_name, thing, text, request.user.pk)

    def require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def refused(error: Exception) -> str:
    """Why something could not be done, for staff."""
    return _("Not done: %s") % error
