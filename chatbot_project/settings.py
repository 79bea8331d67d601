"""Django settings. The only module that reads the environment; `.env.example` lists every variable."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from chatbot_project import logs
from chatbot_project.env import MAX_SOCKET_PATH_BYTES, Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(BASE_DIR)

DEBUG = env.flag("DJANGO_DEBUG", False)
SECRET_KEY = env.secret_key(DEBUG)
ALLOWED_HOSTS = env.words("DJANGO_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "chat",
    "inference_worker",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Static files are compressed already. Answers get a random length on top, and CSRF tokens change with each.
    "django.middleware.gzip.GZipMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "chatbot_project.urls"
ASGI_APPLICATION = "chatbot_project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# SQL holds staff accounts only; the chat lives in Redis.
DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", f"sqlite:///{BASE_DIR / 'var' / 'db.sqlite3'}"), conn_max_age=60
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
# Each in its own language: that is how people look for it.
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not DEBUG
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.text("DJANGO_STATIC_ROOT") or str(BASE_DIR / "var" / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "chatbot_project.storage.HashedFiles"
    },
}
# Development serves files from where they lie; production runs collectstatic first.
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# --- Redis ---

DEVELOPMENT_REDIS_SOCKET = BASE_DIR / "var" / "redis.sock"
if len(str(DEVELOPMENT_REDIS_SOCKET).encode()) > MAX_SOCKET_PATH_BYTES:
    _folder = "chatbot-" + hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:16]
    DEVELOPMENT_REDIS_SOCKET = Path(tempfile.gettempdir()) / _folder / "redis.sock"

REDIS_URL = env.redis_url(DEVELOPMENT_REDIS_SOCKET)

CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        # channels_redis' Pub/Sub layer: three times as fast as its core layer, whose shared capacity drops.
        "BACKEND": "chat.layers.PubSubChannelLayer",
        "CONFIG": {
            "hosts": env.redis_urls("CHAT_LAYER_URLS") or [REDIS_URL],
            "prefix": env.text("CHAT_KEY_PREFIX", "chat"),
        },
    }
}

# --- The chat: fields of chat.conf.ChatConf ---

CHAT: dict[str, Any] = {
    "redis_url": REDIS_URL,
    "key_prefix": env.text("CHAT_KEY_PREFIX", "chat"),
    "partitions": env.whole("CHAT_PARTITIONS", 1),
    "allowed_origins": tuple(env.words("CHAT_ALLOWED_ORIGINS")),
    "session_ttl_s": env.whole("CHAT_SESSION_TTL_S", 3600),
    "context_messages": env.whole("CHAT_CONTEXT_MESSAGES", 4, least=0),
    "max_chars": env.whole("CHAT_MAX_CHARS", 4000),
    "max_name_chars": env.whole("CHAT_MAX_NAME_CHARS", 80),
    "max_pending": env.whole("CHAT_MAX_PENDING", 8),
    "max_queue": env.whole("CHAT_MAX_QUEUE", 10_000),
    "max_pending_per_ip": env.whole("CHAT_MAX_PENDING_PER_IP", 500),
    "messages_per_minute": env.whole("CHAT_MESSAGES_PER_MINUTE", 30),
    "tokens_per_minute": env.whole("CHAT_TOKENS_PER_MINUTE", 30),
    "tokens_per_day": env.whole("CHAT_TOKENS_PER_DAY", 1000),
    "token_grace_s": env.whole("CHAT_TOKEN_GRACE_S", 60, least=0),
    "logins_per_minute": env.whole("CHAT_LOGINS_PER_MINUTE", 10),
    "frames_per_minute": env.whole("CHAT_FRAMES_PER_MINUTE", 1200),
    "sockets_per_session": env.whole("CHAT_SOCKETS_PER_SESSION", 8),
    "sockets_per_ip": env.whole("CHAT_SOCKETS_PER_IP", 64),
    "lease_s": env.number("CHAT_LEASE_S", 20.0, least=0.5),
    "metrics_token": env.text("CHAT_METRICS_TOKEN"),
    "num_proxies": env.whole("NUM_PROXIES", 0, least=0),
}

# --- The model: fields of inference_worker.conf.ModelConf ---

MODEL: dict[str, Any] = {
    "url": env.text("MODEL_URL", "local:inference_worker/embedded"),
    "api_key": env.text("MODEL_API_KEY"),
    # The seed of this project spelled the name in two ways; all of them work.
    "huggingface_token": env.text("HUGGINGFACE_INFERENCE_TOKEN")
    or env.text("HF_TOKEN")
    or env.text("HUGGINFACE_INFERENCE_TOKEN"),
    "huggingface_endpoint": env.text("HF_ENDPOINT", "https://huggingface.co"),
    "system_prompt": env.text("MODEL_SYSTEM_PROMPT"),
    "max_new_tokens": env.whole("MODEL_MAX_NEW_TOKENS", 250),
    "timeout_s": env.number("MODEL_TIMEOUT_S", 120.0, least=0.1),
    "temperature": env.number("MODEL_TEMPERATURE", 0.7),
    "top_k": env.whole("MODEL_TOP_K", 0, least=0),
    "top_p": env.number("MODEL_TOP_P", 1.0),
    "context_tokens": env.whole("MODEL_CONTEXT_TOKENS", 2048),
    "backends": tuple(env.words("MODEL_BACKENDS")),
}
# A model may bring better defaults along; what was set here is not touched.
MODEL["given"] = frozenset(
    name
    for name in ("max_new_tokens", "temperature", "top_k", "top_p", "context_tokens")
    if env.is_set(f"MODEL_{name.upper()}")
)

# --- HTTP ---

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "chat.views.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # `format` is a parameter of /history, not a choice of renderer.
    "URL_FORMAT_OVERRIDE": None,
    # How many proxies stand in front and append to X-Forwarded-For. 0: the peer's own address counts.
    "NUM_PROXIES": CHAT["num_proxies"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Chatbot",
    "DESCRIPTION": "Session tokens for the chat. The WebSocket at /chat is described in docs/protocol.md.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "APPEND_COMPONENTS": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    # Served by this site itself, from the package's own static files.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

CORS_ALLOWED_ORIGINS = list(CHAT["allowed_origins"])
CORS_URLS_REGEX = r"^/(test|token|refresh_token|history|messages|versions)$"
# Without it a script of another origin cannot read the header.
CORS_EXPOSE_HEADERS = ["Retry-After"]
CSRF_TRUSTED_ORIGINS = list(CHAT["allowed_origins"])

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": [],
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
    },
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not DEBUG and env.flag("DJANGO_BEHIND_TLS", False):
    # A proxy in front ends TLS and says so; it must set this header itself and drop the client's.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # Probes and scrapes come past the proxy, over plain HTTP.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31_536_000
# What `check --deploy` asks for on top binds all of a domain for a year: only its owner can say that every
# subdomain has TLS (W005) and that the domain goes into browsers' preload lists (W021). The proxy can add both.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- Logs, errors, traces ---

LOGGING = logs.config(
    env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    env.choice("LOG_FORMAT", "line", ("line", "json")),
)
SENTRY_DSN = env.text("SENTRY_DSN")
# OpenTelemetry reads this one itself, too, with all the other variables of its own.
OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
if SENTRY_DSN or OTLP_ENDPOINT:
    from chatbot_project import observability

    observability.start(SENTRY_DSN, OTLP_ENDPOINT)
