"""The JSON of the HTTP API, in and out."""

import re
from typing import Any

from rest_framework import serializers

from chat.conf import get_conf
from chat.events import StoredMessage, public
from chat.sessions import Record, SessionInfo, Token, Version

_LABELS = {"human": "Human", "bot": "Bot"}


class NameField(serializers.CharField):
    """A name, with single spaces. DRF's own field takes numbers for text and keeps line breaks."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        name = " ".join(super().to_internal_value(data).split())
        if not any(character.isprintable() and not character.isspace() for character in name):
            # Nothing but characters without a shape, such as U+200B.
            self.fail("blank")
        limit = get_conf().max_name_chars
        if len(name) > limit:
            raise serializers.ValidationError(
                f"The name has {len(name)} characters; {limit} are allowed.", code="max_length"
            )
        return name


class NameSerializer(serializers.Serializer[Any]):
    """What a new session needs: the visitor's name."""

    name = NameField(help_text="How the visitor wants to be called.")


class MessageSerializer(serializers.Serializer[Any]):
    """One message of the history, with the speaker's label."""

    id = serializers.UUIDField()
    source = serializers.ChoiceField(choices=["human", "bot"])  # type: ignore[assignment]
    msg = serializers.CharField(help_text='With the label: "Human: hi" or "Bot: hello".')
    timestamp = serializers.DateTimeField()


class SessionSerializer(serializers.Serializer[Any]):
    """A session and its token."""

    token = serializers.CharField(help_text="Bearer token, <session_id>.<secret>. Keep it secret.")
    session_id = serializers.CharField()
    name = serializers.CharField()
    session_start = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    messages = MessageSerializer(many=True)


class StoredMessageSerializer(serializers.Serializer[Any]):
    """One message as the frames of `chatbot.v1` carry it."""

    id = serializers.UUIDField()
    source = serializers.ChoiceField(choices=["human", "bot"])  # type: ignore[assignment]
    text = serializers.CharField()
    timestamp = serializers.DateTimeField()
    finish = serializers.ChoiceField(choices=["stop", "length", "stopped"], required=False)
    code = serializers.CharField(required=False, help_text="Of a message that failed: why.")
    detail = serializers.CharField(required=False)


class EarlierSerializer(serializers.Serializer[Any]):
    """Messages before another one, oldest first."""

    messages = StoredMessageSerializer(many=True)
    has_more = serializers.BooleanField()


class RecordMessageSerializer(serializers.Serializer[Any]):
    """One message of a conversation that is taken along."""

    id = serializers.UUIDField()
    source = serializers.ChoiceField(choices=["human", "bot"])  # type: ignore[assignment]
    text = serializers.CharField()
    timestamp = serializers.DateTimeField()
    finish = serializers.ChoiceField(choices=["stop", "length", "stopped"], required=False)
    code = serializers.CharField(required=False, help_text="Of a message that failed: why.")
    detail = serializers.CharField(required=False)
    version = serializers.IntegerField(
        required=False, help_text="Of a human message that was asked again or edited: how many replies there are."
    )
    replaces = serializers.UUIDField(
        required=False, help_text="Of an edited message: the one whose place it took."
    )
    rating = serializers.ChoiceField(choices=["up", "down"], required=False)


class VersionSerializer(serializers.Serializer[Any]):
    """What was once said in the place of a message."""

    message = RecordMessageSerializer()
    reply = RecordMessageSerializer(allow_null=True, help_text="null: it failed.")


class VersionsSerializer(serializers.Serializer[Any]):
    """All that was said in the place of a message, oldest first."""

    versions = VersionSerializer(many=True)


class RecordSerializer(serializers.Serializer[Any]):
    """A conversation that is taken along."""

    name = serializers.CharField()
    session_start = serializers.DateTimeField()
    messages = RecordMessageSerializer(many=True)


class ErrorSerializer(serializers.Serializer[Any]):
    """An error for people (`detail`) and for programs (`code`)."""

    detail = serializers.CharField()
    code = serializers.CharField()


class NameErrorSerializer(serializers.Serializer[Any]):
    """A name that was refused (`name`), or a body that could not be read (`detail`)."""

    name = serializers.ListField(child=serializers.CharField(), required=False)
    detail = serializers.CharField(required=False)
    code = serializers.CharField(help_text="empty, too_long, invalid or parse_error")


def session_json(token: Token, session: SessionInfo, messages: list[StoredMessage]) -> dict[str, Any]:
    """The body that SessionSerializer describes; plain strings, nothing to convert."""
    return {
        "token": str(token),
        "session_id": session.id,
        "name": session.name,
        "session_start": session.session_start,
        "expires_at": session.expires_at,
        "messages": [
            {
                "id": message["id"],
                "source": message["source"],
                "msg": f"{_LABELS[message['source']]}: {message['text']}",
                "timestamp": message["timestamp"],
            }
            for message in messages
        ],
    }


def record_json(record: Record) -> dict[str, Any]:
    """The body that RecordSerializer describes."""
    messages = [public(message) for message in record.messages]
    return {"name": record.name, "session_start": record.session_start, "messages": messages}


def versions_json(versions: list[Version]) -> dict[str, Any]:
    """The body that VersionsSerializer describes."""
    return {
        "versions": [
            {"message": public(each.message), "reply": public(each.reply) if each.reply else None}
            for each in versions
        ]
    }


def record_markdown(record: Record) -> str:
    """A conversation as a document. What was said stands in it as it was written."""
    parts = [f"# Conversation of {_one_line(record.name)}\n\nBegun {record.session_start}\n"]
    for message in record.messages:
        speaker = _one_line(record.name) if message["source"] == "human" else "Bot"
        parts.append(f"## {speaker}, {message['timestamp']}\n\n{message['text'].strip()}\n")
        if "code" in message:
            parts.append(f"*Not answered: {message.get('detail') or message['code']}*\n")
        elif message.get("finish") == "stopped":
            parts.append("*Stopped*\n")
        if "rating" in message:
            parts.append(f"*Thumbs {message['rating']}*\n")
    return "\n".join(parts)


def _one_line(name: str) -> str:
    # A name is no markup.
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(name.split()))
