"""The inference worker as a Django app, for its management commands."""

from django.apps import AppConfig


class InferenceWorkerApp(AppConfig):
    """Answers what waits in the queue."""

    name = "inference_worker"
