"""What pages say in the visitor's language. What goes over the wire stays English and carries a code."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JavaScriptCatalog

from chat import errors
from chat.errors import ChatError

_PAGE_DOMAIN = "djangojs"


def error_words() -> dict[str, str]:
    """What each wire code means, for the live page."""
    return {code: gettext(words) for code, words in _meanings().items()}


def explain(code: str, detail: str) -> str:
    """An error's detail in the visitor's language; where nobody translated it, what its code means."""
    said = gettext(detail) if detail else ""
    is_known = said != detail or _is_english(get_language())
    return said if said and is_known else gettext(_meanings().get(code, ChatError().detail))


def page_words() -> dict[str, Any]:
    """The live page's own words, by their English ones: empty in English. See static/chat/js/language.js."""
    return _catalog(get_language() or settings.LANGUAGE_CODE)


@cache
def _meanings() -> dict[str, str]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ChatError)]
    return {kind.code: kind().detail for kind in kinds}


@cache
def _catalog(language: str) -> dict[str, Any]:
    if _is_english(language):
        return {}
    view = JavaScriptCatalog()
    places = [str(path) for path in settings.LOCALE_PATHS]
    view.translation = DjangoTranslation(language, domain=_PAGE_DOMAIN, localedirs=places)
    return dict(view.get_catalog())


def _is_english(language: str | None) -> bool:
    return (language or "en").split("-")[0] == "en"
