"""Compare a day of our calls with Twilio's list of calls. Exit with 1 if anything differs."""

from datetime import date

from billing.management.day_command import DayCommand
from billing.models import AuditReport
from telephony.calls.books import reconcile_twilio


class Command(DayCommand):
    help = "Compare a day with Twilio's call list and prices."
    subject = AuditReport.Subject.TWILIO

    def compare(self, day: date) -> AuditReport:
        return reconcile_twilio(day)
