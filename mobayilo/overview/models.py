"""The periodic jobs with their times, and the requests that were refused or failed."""

from django.db import models
from django.utils import timezone

from accounts.models import Account


class PeriodicJob(models.Model):
    """A management command that runs periodically; a runner claims it by `next_run_at`."""

    name = models.CharField(max_length=60, unique=True)
    next_run_at = models.DateTimeField(default=timezone.now)
    last_ended_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name


class FailedRequest(models.Model):
    """A refused request of a customer, or any failed request; deleted after 30 days."""

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    request_id = models.CharField(max_length=64, db_index=True)
    account = models.ForeignKey(
        Account, null=True, on_delete=models.CASCADE, related_name="failed_requests"
    )
    method = models.CharField(max_length=10)
    route = models.CharField(max_length=100)
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="failed_request_of_account"),
            models.Index(fields=["created_at"], name="failed_request_created"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.method} {self.route}"
