"""Checks of a deployment."""

import re

import pytest

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


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"STRIPE_API_KEY": "rk_test_0"}, "billing.E003"),
        ({"STRIPE_API_KEY": "sk_org_0"}, "billing.E003"),
        ({"STRIPE_PAYMENT_METHODS": ""}, "billing.E004"),
        ({"MAIL_FROM": "hello@gmail.com"}, "mobayilo.E007"),
        ({"PUBLIC_URL": "https://calls.example.com", "MAIL_FROM": None}, "mobayilo.E007"),
        ({"SUPPORT_EMAIL": None}, "mobayilo.E008"),
        ({"COMPANY_NAME": None}, "mobayilo.E009"),
    ],
)
def test_public_server_that_costs_money_or_trust_does_not_start(
    changes: dict[str, str | None], check: str
) -> None:
    stopped = check_deployment(**changes)
    assert stopped.returncode == 1
    assert set(re.findall(r"\((\w+\.E\d+)\)", stopped.stderr)) == {check}


def test_terms_of_the_operator_stand_for_ours() -> None:
    urls = {
        name: f"https://example.com/{name}" for name in ("TERMS_URL", "PRIVACY_URL", "REFUNDS_URL")
    }
    assert check_deployment(COMPANY_NAME=None, **urls).returncode == 0
