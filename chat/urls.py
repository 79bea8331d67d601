"""The chat's addresses: API, health, pages."""

from django.templatetags.static import static
from django.urls import path
from django.utils.functional import lazy
from django.views.generic import RedirectView
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView

from chat import embedding, pages, sidebar, views

urlpatterns = [
    path("test", views.OnlineView.as_view()),
    path("token", views.TokenView.as_view()),
    path("refresh_token", views.RefreshTokenView.as_view()),
    path("history", views.HistoryView.as_view(), name="history"),
    path("versions", views.VersionsView.as_view(), name="versions"),
    path("messages", views.MessagesView.as_view(), name="messages"),
    path("healthz", views.AliveView.as_view()),
    path("readyz", views.ReadyView.as_view()),
    path("metrics", views.MetricsView.as_view()),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", views.DocsView.as_view(url_name="schema"), name="docs"),
    # Browsers ask for it on pages that name no icon, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("chat/favicon.svg"))),
    path("language", set_language, name="set_language"),
    path("", pages.home, name="home"),
    path("c/<str:session_id>/", pages.conversation, name="conversation"),
    path("c/<str:session_id>/end", pages.end, name="end"),
    path("c/<str:session_id>/manage", sidebar.manage, name="manage"),
    path("embed", embedding.page, name="embed"),
    path("embed.js", embedding.script, name="embed_script"),
    path("conversations", sidebar.conversation_list, name="conversations"),
]
