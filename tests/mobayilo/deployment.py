"""Django's checks of a deployment, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.live_keys import live_key

ROOT = Path(__file__).resolve().parents[2]


def check_deployment(**changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run Django's deployment checks with the environment of production, changed as given."""
    production: dict[str, str | None] = {
        "PATH": os.environ["PATH"],
        "PUBLIC_URL": "https://mobayilo.com",
        "SECRET_KEY": "f2Kx9" * 12 + "!z-_#Q",
        "DATABASE_URL": "postgresql://mobayilo@db.internal/mobayilo",
        "EMAIL_URL": "smtp+tls://mail.internal:587",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_VERIFY_SERVICE_SID": "VA" + "0" * 31 + "1",
        "TWILIO_FROM_NUMBER": "+12025550100",
        "STRIPE_API_KEY": live_key(),
        "MAIL_FROM": "Mobayilo <hello@mobayilo.com>",
        "SUPPORT_EMAIL": "support@mobayilo.com",
        "COMPANY_NAME": "Mobayilo Ltd",
        "COMPANY_ADDRESS": "1 Example Street; London; United Kingdom",
        "STRIPE_WEBHOOK_SECRET": "whsec_0",
        # The default needs a wheel, which a release builds.
        "MOBY_INSTALL_COMMAND": "pipx install https://example.org/moby-0.1.0-py3-none-any.whl",
    }
    env = {name: value for name, value in {**production, **changes}.items() if value is not None}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False
    )
