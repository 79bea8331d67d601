"""The signed cookie of a browser."""

from http.cookies import SimpleCookie

import pytest
from django.core.signing import Signer
from django.http import HttpResponse

from chat import visitor


def cookies_of(response: HttpResponse) -> dict[str, str]:
    """What a browser sends back."""
    return {name: morsel.value for name, morsel in response.cookies.items() if morsel.value}


def remembered(*session_ids: str) -> dict[str, str]:
    cookies: dict[str, str] = {}
    for session_id in session_ids:
        response = HttpResponse()
        visitor.remember(response, cookies, session_id)
        cookies = cookies_of(response)
    return cookies


def test_newest_session_is_first():
    assert visitor.session_ids(remembered("aaa", "bbb", "ccc")) == ["ccc", "bbb", "aaa"]


def test_remembering_again_moves_a_session_to_the_front():
    assert visitor.session_ids(remembered("aaa", "bbb", "aaa")) == ["aaa", "bbb"]


def test_oldest_session_goes_when_there_are_too_many():
    ids = [f"session-{number}" for number in range(visitor.MAX_SESSIONS + 3)]
    assert visitor.session_ids(remembered(*ids)) == ids[:2:-1]


def test_a_full_cookie_is_small_enough_for_browsers():
    cookies = remembered(*("x" * 60 + f"{number:04}" for number in range(visitor.MAX_SESSIONS)))
    assert len(cookies[visitor.COOKIE]) < 4000


def test_forgetting_leaves_the_others():
    response = HttpResponse()
    visitor.forget(response, remembered("aaa", "bbb", "ccc"), "aaa", "ccc")
    assert visitor.session_ids(cookies_of(response)) == ["bbb"]


def test_forgetting_the_last_one_removes_the_cookie():
    response = HttpResponse()
    visitor.forget(response, remembered("aaa"), "aaa")
    assert response.cookies[visitor.COOKIE]["max-age"] == 0
    assert cookies_of(response) == {}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        "WyJhYWEiXQ:no-such-signature",
        Signer(salt="another.purpose").sign_object(["aaa"]),
        Signer(salt="chat.visitor").sign_object({"aaa": 1}),
        Signer(salt="chat.visitor").sign_object([1, None, "with blanks", "../etc"]),
    ],
)
def test_anything_else_holds_no_session(value: str):
    assert visitor.session_ids({visitor.COOKIE: value}) == []


def test_no_cookie_holds_no_session():
    assert visitor.session_ids({}) == []


@pytest.mark.parametrize("is_secure", [True, False])
def test_scripts_and_other_sites_do_not_get_the_cookie(settings, is_secure: bool):
    settings.SESSION_COOKIE_SECURE = is_secure
    response = HttpResponse()
    visitor.remember(response, {}, "aaa")
    morsel = SimpleCookie(response.cookies.output(header=""))[visitor.COOKIE]
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"
    assert bool(morsel["secure"]) is is_secure
    assert int(morsel["max-age"]) == visitor.MAX_AGE_S
