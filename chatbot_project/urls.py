"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path

from chat import staff_login

urlpatterns = [
    # In front of Django's own, at the same address.
    path("admin/login/", staff_login.login),
    path("admin/", admin.site.urls),
    path("", include("chat.urls")),
]
