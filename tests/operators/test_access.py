"""Every address of the site, tried by another site's page and by a stranger."""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from chat import sessions, visitor
from tests.invariants import Hands
from tests.servers import RedisServer

WORDS = "wordsOfAnnAlone"
NAME = "NameOfAnnAlone"


def addresses(session_id: str, resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Each address that is routed, the admin's apart, for a session."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not route.startswith("admin/"):
                yield from addresses(session_id, entry, route)
        elif isinstance(entry, URLPattern):
            yield "/" + re.sub(r"<\w+:session_id>", session_id, route)


class Visitor:
    """Somebody with a session, a reply in it, and the cookie of the page."""

    def __init__(self, hands: Hands, run_async: Callable[..., Any], name: str, words: str) -> None:
        self.token, _ = sessions.create(name)
        self.session_id = self.token.session_id
        self.message_id, _ = run_async(lambda: hands.answer(self.session_id, words, words))
        self.browser = Client(enforce_csrf_checks=True)
        response = HttpResponse()
        visitor.remember(response, {}, self.session_id)
        self.browser.cookies.update(response.cookies)

    def knows(self) -> Any:
        snapshot = sessions.snapshot(self.session_id)
        assert snapshot
        return snapshot.rev, snapshot.session.name, snapshot.messages, snapshot.pending


@pytest.fixture
def visitors(redis_server: RedisServer, run_async: Callable[[Callable[[], Awaitable[Any]]], Any]) -> list[Visitor]:
    hands = Hands(redis_server.client())
    return [Visitor(hands, run_async, NAME, WORDS), Visitor(hands, run_async, "Bob", "hello")]


def test_another_sites_page_changes_nothing_with_the_visitors_cookie(visitors: list[Visitor]) -> None:
    ann, _ = visitors
    before = ann.knows()
    found = list(addresses(ann.session_id))
    assert f"/c/{ann.session_id}/end" in found
    fields = {"text": "hi", "name": "Eve", "title": "x", "id": ann.message_id, "session": ann.session_id}
    for path in found:
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(ann.browser, method)(path, fields)
            # /token begins a session of its own for everybody who names somebody; it looks at no cookie.
            assert answer.status_code in {400, 403, 404, 405, 415} or path == "/token", (method, path)
            assert visitor.COOKIE not in answer.cookies, (method, path)
    assert ann.knows() == before


def test_ids_of_another_session_give_nothing(visitors: list[Visitor]) -> None:
    ann, bob = visitors
    before = ann.knows()
    nothing: dict[str, str] = {}
    as_bob = {"Authorization": f"Bearer {bob.token}"}
    mixed = {"Authorization": f"Bearer {ann.session_id}.{bob.token.secret}"}
    trusting = Client()
    trusting.cookies.update(bob.browser.cookies)
    query = {"session": ann.session_id, "id": ann.message_id, "before": ann.message_id}
    for path in addresses(ann.session_id):
        for headers in (nothing, as_bob, mixed):
            answers = [trusting.get(path, query, headers=headers)]
            addressed = f"{path}?session={ann.session_id}"
            answers.append(trusting.post(addressed, {**query, "text": "hi"}, headers=headers))
            if path != "/token" or headers is not as_bob:
                answers.append(trusting.delete(path, headers=headers))
            for answer in answers:
                text = answer.getvalue().decode(errors="replace")
                assert WORDS not in text, path
                assert NAME not in text, path
    assert ann.knows() == before
