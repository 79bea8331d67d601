"""Earlier messages, page by page, on both forms of the history."""

from typing import Any

from django.test import Client

from chat import sessions
from tests.servers import RedisServer
from tests.stored import exchanges, message, store


def get(client: Client, token: Any, before: str) -> Any:
    return client.get("/messages", {"before": before}, headers={"Authorization": f"Bearer {token}"})


def test_pages_lead_back_to_the_first_message(client: Client, each_redis: RedisServer):
    token, session = sessions.create("Ada")
    said = exchanges(70)
    # What was answered again is shown nowhere, however much of it there is.
    gone = [message("human", "gone", replaced=True), message("bot", "gone", replaced=True)] * 40
    said[60:60] = gone
    store(each_redis.client(), session.id, *said)
    shown = [each["text"] for each in said if "replaced" not in each]
    snapshot = sessions.snapshot(session.id)
    assert snapshot
    pages = [[each["text"] for each in snapshot.messages]]
    before, has_more = snapshot.messages[0]["id"], snapshot.has_more
    while has_more:
        body = get(client, token, before).json()
        pages.insert(0, [each["text"] for each in body["messages"]])
        before, has_more = body["messages"][0]["id"], body["has_more"]
    assert [len(page) for page in pages] == [40, 50, 50]
    assert [text for page in pages for text in page] == shown


def test_nobody_reads_what_is_not_theirs(client: Client, each_redis: RedisServer):
    token, session = sessions.create("Ada")
    foreign, other = sessions.create("Eve")
    said = exchanges(1)
    store(each_redis.client(), session.id, *said)
    assert get(client, token, said[0]["id"]).json() == {"messages": [], "has_more": False}
    assert (get(client, token, "x").status_code, get(client, token, "x").json()["code"]) == (404, "not_found")
    assert get(client, foreign, said[0]["id"]).status_code == 404
    assert get(client, f"{session.id}.{'x' * 43}", said[0]["id"]).json()["code"] == "session_expired"
    assert client.get(f"/messages?session={other.id}&before={said[0]['id']}").status_code == 400
