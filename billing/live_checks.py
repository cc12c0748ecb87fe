"""Stripe's part of `check_live`: what has to be right before the first payment."""

from collections.abc import Iterator

from django.conf import settings

from billing.models import StripeEvent
from billing.payments import gateway
from billing.payments.events import HANDLERS
from mobayilo.lib.errors import ProductError
from mobayilo.lib.findings import Finding, judge, right, unchecked, wrong


def findings() -> Iterator[Finding]:
    """Yield the findings about the key, its rights, the account and the webhook endpoint."""
    try:
        lacking = gateway.lacking_rights()
    except ProductError as refusal:
        if refusal.code != "provider_misconfigured":
            yield unread("Stripe", refusal)
            return
        yield wrong(
            "Stripe key",
            refusal.message,
            "Set STRIPE_API_KEY to a restricted key that is in force (Developers, API keys).",
        )
        return
    yield right("Stripe key", "accepted")
    yield judge(
        "Stripe live mode",
        gateway.key_is_live(),
        "on",
        "The key is a test key: card 4242 would buy real calls.",
        "Set a live key, rk_live_….",
    )
    yield judge(
        "Stripe rights",
        not lacking,
        "all that are used",
        f"The key lacks {', '.join(lacking)}.",
        "Add them to the key (Developers, API keys).",
    )
    yield from of_account()
    yield from of_endpoint()
    of_test_mode = StripeEvent.objects.filter(payload__livemode=False)
    tested = of_test_mode.filter(outcome=StripeEvent.Outcome.APPLIED).exists()
    yield judge(
        "Test payments",
        not (tested and gateway.key_is_live()),
        "none in the books",
        "Balances of this database were paid in test mode.",
        "Open with an empty database, or take the credit back by adjustments.",
    )
    yield unchecked("Stripe webhook secret", "the first event shows whether it fits")


def unread(subject: str, refusal: ProductError) -> Finding:
    """Return the finding about a thing that was not read: for want of a right, or in an outage."""
    if refusal.code == "provider_misconfigured":
        return unchecked(subject, "the key may not read it")
    return wrong(subject, "Stripe did not answer.", "Try again in a minute.")


def of_account() -> Iterator[Finding]:
    try:
        account = gateway.read_account()
    except ProductError as refusal:
        yield unread("Stripe account", refusal)
        return
    yield judge(
        "Stripe charges",
        account.get("charges_enabled") is True,
        "enabled",
        "The account may not charge yet.",
        "Complete its activation in Stripe's dashboard.",
    )
    yield right("Stripe currency", f"charges in usd, settles in {account.get('default_currency')}")


def of_endpoint() -> Iterator[Finding]:
    """Yield whether Stripe sends every kind of event that the product handles."""
    url = f"{settings.PUBLIC_URL}/webhooks/stripe"
    try:
        endpoints = gateway.list_webhook_endpoints()
    except ProductError as refusal:
        yield unread("Stripe webhook endpoint", refusal)
        return
    hooks = [
        hook for hook in endpoints if hook.get("url") == url and hook.get("status") == "enabled"
    ]
    mine = next((hook for hook in hooks if hook.get("livemode") is gateway.key_is_live()), None)
    remedy = f"Make one for {url} under Developers, Webhooks, in live mode."
    if mine is None:
        yield wrong("Stripe webhook endpoint", f"None is enabled for {url}.", remedy)
        return
    yield right("Stripe webhook endpoint", url)
    event_kinds = mine.get("enabled_events") or []
    missing = [] if "*" in event_kinds else sorted(HANDLERS.keys() - set(event_kinds))
    yield judge(
        "Stripe events",
        not missing,
        f"{len(HANDLERS)} kinds",
        f"The endpoint is not sent {', '.join(missing)}.",
        "Add them to the endpoint.",
    )
