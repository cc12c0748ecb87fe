"""Checks of a deployment."""

from tests.mobayilo.deployment import check_deployment


def test_production_settings_pass_the_deployment_checks() -> None:
    checked = check_deployment()
    assert checked.returncode == 0, checked.stderr


def test_several_processes_without_redis_are_refused() -> None:
    stopped = check_deployment(WEB_PROCESSES="2")
    assert "mobayilo.E001" in stopped.stderr
    assert check_deployment(WEB_PROCESSES="2", REDIS_URL="redis://cache.internal").returncode == 0


def test_staff_without_a_second_factor_are_refused_on_a_public_host() -> None:
    assert "mobayilo.E002" in check_deployment(STAFF_MFA_REQUIRED="false").stderr
    local = {"PUBLIC_URL": "http://localhost:8000", "TWILIO_API_URL": "http://localhost:8001"}
    assert "mobayilo.E002" not in check_deployment(STAFF_MFA_REQUIRED="false", **local).stderr
