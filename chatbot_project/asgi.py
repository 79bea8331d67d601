"""The ASGI application: Django for HTTP, the chat's consumer for WebSockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_project.settings")
# First, because it loads the apps that the imports below need.
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import WebsocketDenier  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from chat.consumers import ChatConsumer  # noqa: E402
from chatbot_project import daphne_fixes  # noqa: E402

daphne_fixes.install()

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter([path("chat", ChatConsumer.as_asgi()), re_path("", WebsocketDenier.as_asgi())]),
    }
)
