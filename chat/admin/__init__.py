"""The operators' side, in Django's admin: sessions, the queue and its workers, dead letters."""

from chat.admin import dead_letters, queue, sessions

__all__ = ["dead_letters", "queue", "sessions"]
