"""Stripe and its customers, played in the sandbox."""

from billing.models import TopUp
from billing.payments.gateway import client, retrieve_session
from tests.telephony.sandbox import Sandbox


class StripeSandbox:
    """Actions of Stripe, of banks and of customers, carried out by the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.control = sandbox

    def act(self, topup: TopUp, action: str) -> None:
        """pay, pay_later, decline; then succeed or fail."""
        topup.refresh_from_db()
        self.control.post(f"stripe/sessions/{topup.stripe_session_id}/{action}")

    def payment_of(self, topup: TopUp) -> str:
        """The payment intent, as only Stripe may know it yet."""
        topup.refresh_from_db()
        return retrieve_session(topup.stripe_session_id or "").payment_intent_id

    def dispute(self, payment: str, **more: object) -> str:
        """Open a dispute. Return its id."""
        return str(self.control.post(f"stripe/charges/{payment}/dispute", **more)["id"])

    def warn(self, payment: str) -> None:
        self.control.post(f"stripe/charges/{payment}/warn")

    def close(self, dispute: str, how: str) -> None:
        """win or lose."""
        self.control.post(f"stripe/disputes/{dispute}/{how}")

    def fail(self, kind: str, path: str = "/v1/*", **more: object) -> None:
        self.control.post("faults", kind=kind, provider="stripe", path=path, **more)

    def set_account(self, **changes: object) -> None:
        """event_livemode, settles_in with exchange_rate, payment_methods, lacking_rights."""
        self.control.post("stripe/account", **changes)

    def heal(self) -> None:
        self.control.clear_faults()

    def sessions(self) -> list[str]:
        """The ids of every Checkout Session that was made."""
        return [one.id for one in client().v1.checkout.sessions.list().data]

    def rule(self, action: str, pattern: str = "*", **more: object) -> None:
        self.control.post("webhooks/rules", action=action, pattern=pattern, **more)

    def settle(self) -> None:
        """Until every webhook has been answered."""
        self.control.wait_until_idle()
