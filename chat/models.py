"""No table of the chat is in SQL. The model here is what the admin's permissions are tied to."""

from typing import Any

from django.db import models


class NoRows(models.Manager["Session"]):
    """Asks SQL for nothing, so that `dumpdata` and the like do not look for a table."""

    def get_queryset(self) -> models.QuerySet["Session"]:
        return super().get_queryset().none()


class Session(models.Model):
    """A session as the admin names it. Sessions live in Redis alone; `chat.overview` reads them there."""

    id = models.CharField(primary_key=True, max_length=64)

    objects = NoRows()

    class Meta:
        managed = False
        default_permissions = ("view", "delete")

    def __str__(self) -> str:
        # The name stays out of SQL, where the admin's log keeps this text.
        return str(self.pk)[:8]

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("Sessions live in Redis.")
