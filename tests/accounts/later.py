"""Time that has passed."""

from datetime import timedelta

import time_machine
from django.utils import timezone


def later(**span: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**span), tick=False)
