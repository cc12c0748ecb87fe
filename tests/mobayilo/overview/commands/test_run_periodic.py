"""`manage.py run_periodic`."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from mobayilo.overview import periodic
from mobayilo.overview.models import PeriodicJob

pytestmark = pytest.mark.db


@pytest.mark.django_db
def test_command_of_cron_leaves_its_mark_and_fails_with_its_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call_command("run_periodic", "--job", "clearsessions")
    assert PeriodicJob.objects.get(name="clearsessions").last_ended_at is not None
    monkeypatch.setitem(periodic.JOBS, "no_such_command", timedelta(seconds=5))
    with pytest.raises(CommandError, match="no_such_command"):
        call_command("run_periodic", "--job", "no_such_command")
