"""The queue and its workers: who waits and why, what each worker does, and how it went lately."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from chat import fleet, trends
from chat.admin import charts
from chat.admin.base import RedisAdmin, action, from_redis
from chat.models import Worker
from chat.publishing import publish_drain


@admin.register(Worker)
class QueueAdmin(RedisAdmin):
    """One page. Who may view workers sees it; to drain one needs change."""

    def has_delete_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("live/", view(self.live_view), name="chat_worker_live"),
            path("<path:object_id>/drain/", view(self.drain_view), name="chat_worker_drain"),
        ]
        return own + super().get_urls()

    @from_redis
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self.require_view(request)
        return self.answer(request, "admin/chat/worker/page.html", _("Queue and workers"), **self._now(request))

    @from_redis
    def live_view(self, request: HttpRequest) -> HttpResponse:
        """The part of the page that changes; the page asks for it every few seconds."""
        self.require_view(request)
        return self.answer(request, "admin/chat/worker/_live.html", "", **self._now(request))

    @action
    def drain_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a worker finish what it has and end."""
        name = unquote(object_id)
        if name not in {worker.name for worker in fleet.read().living}:
            self.message_user(request, _("There is no such worker (any more)."), messages.WARNING)
            return self.to_list()
        fleet.drain(name)
        publish_drain(name)
        self.log_done(request, Worker(pk=name), CHANGE, _("Told to drain"))
        self.message_user(request, _("%s finishes what it has and ends.") % name, messages.SUCCESS)
        return self.to_list()

    def _now(self, request: HttpRequest) -> dict[str, Any]:
        span = trends.SPANS.get(request.GET.get("span", ""), trends.HOUR)
        now = fleet.read()
        replies = fleet.under_way()
        trend = trends.read(span)
        return {
            "fleet": now,
            "verdict": _verdict(now),
            "silent": now.silent,
            "workers": [(worker, [r for r in replies if r.worker == worker.name]) for worker in now.workers],
            "span": span,
            "spans": trends.SPANS.values(),
            "charts": charts.of_trend(trend),
            "summary": charts.summary(trend),
            "may_drain": self.has_change_permission(request),
        }


def _verdict(now: fleet.Fleet) -> tuple[str, str]:
    """In one sentence whether messages are answered, and if not, why; "good", "busy" or "bad" in front."""
    slots = sum(worker.slots for worker in now.living if not worker.draining)
    silent = next(iter(now.silent), None)
    silence = {"worker": silent.name, "seconds": f"{silent.seen_s_ago:.0f}"} if silent else {}
    is_waiting = now.oldest_wait_s > fleet.SUSPICIOUS_WAIT_S
    reasons = [
        (not now.living, "bad", _("No worker is alive, so nothing is answered. Start one.")),
        (not slots, "bad", _("All workers drain, so nothing new is answered. Start one.")),
        (silent, "bad", _("Nothing was heard of %(worker)s for %(seconds)s s: it is dead or frozen.")),
        (now.gone, "bad", _("A worker is gone without a word. What it held is taken over by the others.")),
        (
            now.waiting and now.answering >= slots,
            "busy",
            _("All slots are in use, so messages wait for one. More workers would answer them sooner."),
        ),
        (is_waiting, "bad", _("Messages wait although slots are free. Look at when each worker was seen.")),
        (True, "good", _("Messages are answered as they come.")),
    ]
    level, words = next((level, words) for holds, level, words in reasons if holds)
    return level, words % silence
