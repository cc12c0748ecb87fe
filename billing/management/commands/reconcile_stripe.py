"""Compare a day of the ledger with Stripe's books; exit with 1 if anything differs."""

from datetime import date

from billing.management.day_command import DayCommand
from billing.models import AuditReport
from billing.payments.books import reconcile_stripe


class Command(DayCommand):
    help = "Compare a day with Stripe's balance transactions."
    subject = AuditReport.Subject.STRIPE

    def compare(self, day: date) -> AuditReport:
        return reconcile_stripe(day)
