"""Errors that people see. The docstring of a class is its message, `code` is its name on the wire."""


class ChatError(Exception):
    """Something went wrong."""

    code = "error"
    retryable = False
    """Whether answering the same message again may work."""

    def __init__(self, detail: str = "", *, retry_after_s: float | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.retry_after_s = retry_after_s
        super().__init__(self.detail)


class BadFrame(ChatError):
    """This is not a frame of the chatbot.v1 protocol."""

    code = "bad_frame"


class UnknownType(ChatError):
    """This type of frame is not known here. Known are: send, stop, cancel, retry, sync."""

    code = "unknown_type"


class EmptyMessage(ChatError):
    """The message is empty. Write something and send it again."""

    code = "empty"


class TooLong(ChatError):
    """The message is too long."""

    code = "too_long"


class RateLimited(ChatError):
    """You are writing faster than is allowed here. Wait a moment and send it again."""

    code = "rate_limited"


class QueueFull(ChatError):
    """Too many of your messages are waiting for an answer. Wait for one, or take one back."""

    code = "queue_full"


class Busy(ChatError):
    """The service can't take messages right now. Nothing is lost: send it again in a moment."""

    code = "busy"


class NotFound(ChatError):
    """There is nothing here that this could apply to."""

    code = "not_found"


class SessionExpired(ChatError):
    """Session expired or does not exist"""

    code = "session_expired"


class ModelFailure(ChatError):
    """The model could not answer."""

    code = "model_error"
    retryable = True


class ModelUnavailable(ModelFailure):
    """The model can't be reached at the moment. Try again later."""

    code = "model_unavailable"


class ModelTimeout(ModelFailure):
    """The model took too long to answer. Try again, or ask for something shorter."""

    code = "model_timeout"


class ModelError(ModelFailure):
    """The model answered with an error."""

    code = "model_error"


class GaveUp(ModelFailure):
    """Answering this message failed too many times. You can try it again."""

    code = "gave_up"
