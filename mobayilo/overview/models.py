"""When the work that repeats is due."""

from django.db import models
from django.utils import timezone


class PeriodicJob(models.Model):
    """A management command that runs again and again; `next_run_at` is what a runner claims."""

    name = models.CharField(max_length=60, unique=True)
    next_run_at = models.DateTimeField(default=timezone.now)
    last_ended_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name
