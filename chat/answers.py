"""Answers that several pages give."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render


class SeeOther(HttpResponseRedirect):
    """Answers a form: the next page is read with GET."""

    status_code = 303


def unavailable(request: HttpRequest) -> HttpResponse:
    """Redis is away. The form comes back as it was sent, so that trying again is one click and loses nothing."""
    fields = {name: request.POST[name] for name in ("id", "text", "title") if name in request.POST}
    return render(request, "chat/unavailable.html", {"fields": fields}, status=503)


def gone(request: HttpRequest) -> HttpResponse:
    """The same for what never was, what has expired and what is somebody else's."""
    return render(request, "chat/gone.html", status=404)
