# One image for web processes and workers: the command chooses (see compose.yaml and deploy/kubernetes.yaml).
#
# No container engine was at hand where this was written: the file was read with care and its parts were tried one by
# one (the lock with --require-hashes, collectstatic, both commands), the build as a whole was not.

FROM python:3.11-slim-bookworm AS packages
WORKDIR /srv/chat
RUN python -m venv .venv
ENV PATH=/srv/chat/.venv/bin:$PATH
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.lock

FROM python:3.11-slim-bookworm
# The number is fixed, so that mounted folders can be given to it.
RUN groupadd --gid 10001 chat && useradd --uid 10001 --gid chat --no-create-home --home-dir /srv/chat chat
WORKDIR /srv/chat
COPY --from=packages /srv/chat/.venv .venv
COPY manage.py ./
COPY chatbot_project chatbot_project
COPY chat chat
COPY inference_worker inference_worker
COPY locale locale
COPY templates templates
COPY static static
ENV PATH=/srv/chat/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_STATIC_ROOT=/srv/chat/staticfiles \
    LOG_FORMAT=json
# No secret: collectstatic only needs that there is one.
RUN DJANGO_SECRET_KEY=only-for-collectstatic python manage.py collectstatic --noinput --verbosity 0
USER chat
EXPOSE 8000
# For web processes; a worker says by ending that it is not well. The site answers to its own names alone.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "\
import os, urllib.request as r; \
host = os.environ.get('DJANGO_ALLOWED_HOSTS', 'localhost').split(',')[0]; \
r.urlopen(r.Request('http://127.0.0.1:8000/healthz', headers={'Host': host}), timeout=2)"]
CMD ["daphne", "--verbosity", "0", "--bind", "0.0.0.0", "--port", "8000", "--no-server-name", \
     "--websocket-max-message-size", "65536", "--websocket-max-frame-size", "65536", \
     "--ping-interval", "20", "--ping-timeout", "20", "--websocket_timeout", "43200", \
     "--application-close-timeout", "10", "chatbot_project.asgi:application"]
