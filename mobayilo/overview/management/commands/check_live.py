"""Say before opening what is missing, and how to mend it."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError

from billing import live_checks as stripe
from mobayilo.lib.errors import ProductError
from mobayilo.lib.findings import Finding, right, unchecked, wrong
from mobayilo.overview import live_checks as site
from telephony import live_checks as twilio
from telephony.numbers import number_from_e164

MARKS = {True: "✓", False: "✗", None: "?"}


class Command(BaseCommand):
    help = (
        "Checks everything that has to be right before the first customer. Nothing is changed; a "
        "mail is sent and a phone rings only where you ask for it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--call",
            metavar="+NUMBER",
            help="ring this phone, then our own number from it, and look at both legs",
        )
        parser.add_argument("--mail", metavar="ADDRESS", help="send one mail to this address")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        results = []
        for finding in self.findings(read_phone(options["call"]), options["mail"] or ""):
            results.append(finding)
            if not options["json"]:
                self.stdout.write(line_of(finding))
        is_right = not any(finding.is_right is False for finding in results)
        if options["json"]:
            rows = [asdict(finding) for finding in results]
            self.stdout.write(json.dumps({"ok": is_right, "findings": rows}, indent=2))
        else:
            self.stdout.write("Ready to open." if is_right else "Not ready to open.")
        if not is_right:
            raise SystemExit(1)

    def findings(self, phone: str, address: str) -> Iterator[Finding]:
        say = partial(self.stderr.write, style_func=str)  # no error, so not in red
        trial_call = partial(twilio.place_trial_call, phone, say) if phone else None
        yield from twilio.findings(trial_call)
        yield from stripe.findings()
        yield from site.findings()
        yield send_mail_to(address) if address else unchecked("Mail", "--mail ADDRESS sends one")


def read_phone(text: str | None) -> str:
    """Return the E.164 of a phone to ring, or nothing. Raise CommandError for another text."""
    if not text:
        return ""
    try:
        e164 = number_from_e164(text).e164
    except ProductError as refusal:
        raise CommandError(f"--call {text}: {refusal.message}") from None
    if e164 == settings.TWILIO_FROM_NUMBER:
        raise CommandError("--call: name a phone of yours; this is the number that calls it.")
    return e164


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
