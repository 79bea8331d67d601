"""Dead letters: messages that ended too many workers, to be answered again or dropped."""

from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, DELETION
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat import dead_letters, events, queue
from chat.admin.base import RedisAdmin, from_redis, refused
from chat.dead_letters import DeadLetter as Letter
from chat.errors import ChatError
from chat.models import DeadLetter
from chat.publishing import publish

PAGE_SIZE = 50


@admin.register(DeadLetter)
class DeadLetterAdmin(RedisAdmin):
    """Who may view them reads them; to answer again needs change, to drop delete."""

    @from_redis
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The letters, newest first. POST does something about the chosen ones."""
        self.require_view(request)
        if request.method == "POST":
            return self._act(request)
        letters = dead_letters.newest(PAGE_SIZE + 1, _entry(request.GET.get("before", "")))
        return self.answer(
            request,
            "admin/chat/deadletter/list.html",
            _("Dead letters"),
            letters=letters[:PAGE_SIZE],
            before=letters[PAGE_SIZE - 1].id.partition(":")[2] if len(letters) > PAGE_SIZE else "",
            may_requeue=self.has_change_permission(request),
            may_drop=self.has_delete_permission(request),
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Drop one."""
        if request.method == "POST" and not self.has_delete_permission(request):
            raise PermissionDenied
        return self.to_list()

    def _act(self, request: HttpRequest) -> HttpResponse:
        drops = "drop" in request.POST
        if not (self.has_delete_permission(request) if drops else self.has_change_permission(request)):
            raise PermissionDenied
        chosen = [dead_letters.find(letter) for letter in request.POST.getlist("letter")[:PAGE_SIZE]]
        done = 0
        problems: Counter[str] = Counter()
        for letter in filter(None, chosen):
            try:
                self._drop(request, letter) if drops else self._requeue(request, letter)
                done += 1
            except ChatError as error:
                problems[refused(error)] += 1
        if drops:
            text = ngettext("%d letter was dropped.", "%d letters were dropped.", done) % done
        else:
            text = ngettext("%d message waits again.", "%d messages wait again.", done) % done
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)
        for problem, times in problems.items():
            self.message_user(request, f"{times} × {problem}", messages.WARNING)
        return self.to_list()

    def _requeue(self, request: HttpRequest, letter: Letter) -> None:
        # If this process dies in between, the letter stays, and the next try finds nothing to answer.
        again = queue.retry_for_staff(letter.session_id, letter.message_id)
        publish(letter.session_id, events.queued(again.rev, again.message, again.position))
        dead_letters.drop(letter)
        self.log_done(request, DeadLetter(pk=letter.id), CHANGE, _("Queued again"))

    def _drop(self, request: HttpRequest, letter: Letter) -> None:
        dead_letters.drop(letter)
        self.log_done(request, DeadLetter(pk=letter.id), DELETION, _("Dropped"))


def _entry(text: str) -> str:
    parts = text.split("-")
    return text if len(parts) == 2 and all(part.isdecimal() and len(part) < 19 for part in parts) else ""
