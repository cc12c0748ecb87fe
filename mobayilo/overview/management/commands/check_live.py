"""Say before opening what is missing, and how to mend it."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand

from billing import opening as stripe
from mobayilo.lib.findings import Finding, right, unchecked, wrong
from mobayilo.overview import opening as site
from telephony import opening as twilio

MARKS = {True: "✓", False: "✗", None: "?"}


class Command(BaseCommand):
    help = "Checks everything that has to be right before the first customer, without an effect."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mail", metavar="ADDRESS", help="send one mail to this address")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(self.findings(options["mail"] or ""))
        is_right = not any(one.is_right is False for one in found)
        if options["json"]:
            rows = [asdict(one) for one in found]
            self.stdout.write(json.dumps({"ok": is_right, "findings": rows}, indent=2))
        else:
            for one in found:
                self.stdout.write(line_of(one))
            self.stdout.write("Ready to open." if is_right else "Not ready to open.")
        if not is_right:
            raise SystemExit(1)

    def findings(self, address: str) -> Iterator[Finding]:
        yield from twilio.findings()
        yield from stripe.findings()
        yield from site.findings()
        yield send_mail_to(address) if address else unchecked("Mail", "--mail ADDRESS sends one")


def send_mail_to(address: str) -> Finding:
    """Send one mail, and report whether the mail server took it."""
    text = f"This mail of {settings.PUBLIC_URL} was sent by check_live. It arrives: well."
    try:
        EmailMessage("A test of Mobayilo's mail", text, to=[address]).send()
    except (OSError, SMTPException) as error:
        return wrong("Mail", f"It was not sent: {type(error).__name__}.", "Look at EMAIL_URL.")
    return right("Mail", f"sent to {address}: see that it arrives, and not as spam")


def line_of(finding: Finding) -> str:
    says = f"not checked: {finding.says}" if finding.is_right is None else finding.says
    remedy = f" {finding.remedy}" if finding.remedy else ""
    return f"{MARKS[finding.is_right]} {finding.subject}: {says}{remedy}"
