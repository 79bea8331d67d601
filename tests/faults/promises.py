"""The promises, checked against what clients saw accepted and what is stored when all has settled."""

import itertools
from typing import Any

import redis

from chat import keys
from chat.conf import get_conf
from tests.faults.customer import Customer
from tests.invariants import Stored, check, pending_entries

Broken = list[tuple[str, str]]
"""Kind of the broken promise, what was seen."""


def check_all(client: "redis.Redis", customers: list[Customer], shown: dict[int, dict[str, Any]]) -> Broken:
    """`shown`: the last, fresh `session` of each customer, by its number."""
    broken: Broken = [found for customer in customers for found in customer.broken]
    stored: dict[str, Stored] = {}
    try:
        stored = check(client)
    except AssertionError as error:
        broken.append(("invariant", str(error)))
    for number in range(get_conf().partitions):
        stream = keys.stream(number)
        if client.xlen(stream) or (client.exists(stream) and pending_entries(client, number)):
            broken.append(("waiting", f"wake-ups are left in stream {number}"))
    for customer in customers:
        found = _check_customer(customer, stored.get(customer.session_id)) if stored else []
        found += _check_view(customer, shown.get(customer.number))
        broken += [(kind, f"session {customer.number}: {what}") for kind, what in found]
    return broken


def _check_customer(customer: Customer, stored: Stored | None) -> Broken:
    if stored is None:
        return [("lost", "the session is gone")]
    broken: Broken = []
    visible = [message for message in stored.history if not message.get("replaced")]
    humans = [message for message in visible if message["source"] == "human"]
    place = {message["id"]: number for number, message in enumerate(humans)}
    if len(place) != len(humans):
        broken.append(("twice", "a message is in the history twice"))
    for message_id in customer.accepted:
        state = stored.ids.get(message_id)
        if state == "x" and message_id in customer.cancel_asked:
            continue
        if message_id not in place:
            broken.append(("lost", f"{message_id} was accepted, its state is {state}"))
    if stored.mailbox or stored.reply:
        broken.append(("waiting", f"{len(stored.mailbox)} messages wait, reply {stored.reply}"))
    return broken + _check_order(customer, humans, place) + _check_texts(customer, stored.history)


def _check_order(customer: Customer, humans: list[dict[str, Any]], place: dict[str, int]) -> Broken:
    broken: Broken = []
    # A message that is answered again takes its old time along to the end.
    first_time = [message for message in humans if message["id"] not in customer.retry_asked]
    for before, after in itertools.pairwise(first_time):
        if before["timestamp"] > after["timestamp"]:
            broken.append(("out of order", f"{before['id']} was accepted after {after['id']}"))
    for first, second in customer.pairs:
        known = first in place and second in place and not customer.retry_asked & {first, second}
        if known and place[first] > place[second]:
            broken.append(("out of order", f"{first} was in front of {second} in the mailbox"))
    return broken


def _check_texts(customer: Customer, history: list[dict[str, Any]]) -> Broken:
    broken: Broken = []
    previous: dict[str, Any] = {}
    for message in history:
        sent = customer.sent.get(message["id"] if message["source"] == "human" else message["to"])
        if sent is None:
            broken.append(("mixed up", f"never sent here: {message}"))
        elif message["source"] == "human":
            if message["text"] != sent:
                broken.append(("text", f"{sent!r} became {message['text']!r}"))
            if message.get("code") not in (None, "gave_up"):
                broken.append(("text", f"failed with {message['code']}"))
        else:
            right = message["text"] == sent
            if message["finish"] == "stopped":
                right = customer.stops_asked > 0 and sent.startswith(message["text"])
            if not right:
                broken.append(("text", f"{sent!r} was answered with {message}"))
            if message["to"] != previous.get("id"):
                broken.append(("out of order", f"a reply stands behind another message: {message}"))
        previous = message
    return broken


def _check_view(customer: Customer, fresh: dict[str, Any] | None) -> Broken:
    """What the client had put together from frames is what a fresh client is shown."""
    if fresh is None:
        return [("waiting", f"never content: {customer.unsure()}, {customer.view.pending}, {customer.view.reply}")]
    seen = customer.view.messages[-len(fresh["messages"]) :] if fresh["messages"] else []
    if seen != fresh["messages"]:
        differ = [pair for pair in zip(seen, fresh["messages"], strict=False) if pair[0] != pair[1]]
        return [("text", f"the client shows {len(seen)} messages, differing in {differ[:1]}")]
    return []
