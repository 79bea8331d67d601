"""The chat as a Django app."""

from django.apps import AppConfig


class ChatApp(AppConfig):
    """Sessions, the queue, and the edges that people and programs talk to."""

    name = "chat"
