"""The chat on other sites: a script that adds a bubble, and the page that it shows in a frame.

In a frame of another site browsers keep cookies back. So that page carries a token, as any client of the API
does, in the frame's own storage, and takes no credential from a cookie: nothing is there that another site could
ride on. Which sites may frame it is said by CHAT_ALLOWED_ORIGINS.
"""

import json

from csp.constants import SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from chat.conf import get_conf
from chat.pages import live_context


@require_safe
@cache_control(private=True, max_age=600)
def script(request: HttpRequest) -> HttpResponse:
    """The script that a site includes."""
    words = {"open": _("Open the chat"), "close": _("Close the chat"), "news": _("new reply"), "title": _("Chat")}
    context = {"words": json.dumps(words), "page": json.dumps(reverse("embed"))}
    return render(request, "chat/embed.js", context, content_type="text/javascript")


@require_safe
@never_cache
@xframe_options_exempt
def page(request: HttpRequest) -> HttpResponseBase:
    """The conversation in a frame. It begins with a name, too."""
    allow = csp_replace({"frame-ancestors": [SELF, *get_conf().allowed_origins]})
    return allow(_page)(request)


def _page(request: HttpRequest) -> HttpResponse:
    return render(request, "chat/embed.html", live_context())
