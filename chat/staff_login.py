"""The admin's login, with a limit on tries."""

import logging
import math
from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from chat import limits
from chat.errors import Busy, ChatError, RateLimited
from chat.views import address_of

logger = logging.getLogger(__name__)


class LoginForm(AdminAuthenticationForm):
    """Django's form. Each try is counted before the password is looked at.

    While Redis is away nobody can log in: tries cannot be counted then, and the admin could show nothing.
    """

    refusal: ChatError | None = None

    def clean(self) -> dict[str, Any]:
        try:
            limits.take_login(address_of(self.request), self.cleaned_data.get("username", ""))
        except RateLimited as error:
            # No name: people type their password into that field, too.
            logger.warning("A try to log in as staff was refused: too many")
            self.refusal = error
        except RedisError as error:
            logger.warning("Redis is unavailable for a login: %s", error)
            self.refusal = Busy(_("Nobody can log in right now. Try again in a moment."), retry_after_s=5.0)
        if self.refusal:
            raise ValidationError(_(self.refusal.detail), code=self.refusal.code)
        return super().clean()


def login(request: HttpRequest) -> HttpResponse:
    """The admin's login page. 429 past the limit, 503 while Redis is away, both with Retry-After."""
    response = admin.site.login(request)
    # A template's answer, which knows its form, unless the login went well.
    form = (getattr(response, "context_data", None) or {}).get("form")
    refusal = form.refusal if isinstance(form, LoginForm) else None
    if refusal:
        response.status_code = 429 if isinstance(refusal, RateLimited) else 503
        response["Retry-After"] = str(max(1, math.ceil(refusal.retry_after_s or 1)))
    return response


admin.site.login_form = LoginForm
