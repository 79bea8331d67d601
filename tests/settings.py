"""The project's settings with what tests need: a secret, and no cost for hashing passwords."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("MODEL_URL", "echo:")

from chatbot_project.settings import *  # noqa: F403

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
