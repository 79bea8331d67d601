"""No table of the chat is in SQL. The models here are what the admin's permissions and its history are tied to."""

from typing import Any, ClassVar

from django.db import models


class NoRows(models.Manager[Any]):
    """Asks SQL for nothing, so that `dumpdata` and the like do not look for a table."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().none()


class InRedis(models.Model):
    """Something that lives in Redis alone."""

    id = models.CharField(primary_key=True, max_length=120)

    objects: ClassVar[NoRows] = NoRows()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("It lives in Redis.")


class Session(InRedis):
    """A session as the admin names it. `chat.overview` reads them."""

    class Meta:
        managed = False
        default_permissions = ("view", "change", "delete")

    def __str__(self) -> str:
        # The name stays out of SQL, where the admin's log keeps this text.
        return str(self.pk)[:8]


class Worker(InRedis):
    """A worker as the admin names it. `chat.fleet` reads them."""

    class Meta:
        managed = False
        default_permissions = ("view", "change")
        verbose_name_plural = "queue and workers"


class DeadLetter(InRedis):
    """A message that was given up. `chat.dead_letters` reads them."""

    class Meta:
        managed = False
        default_permissions = ("view", "change", "delete")
