"""Phones that the account may not call: what it lacks, and what its geo permissions close.

Each refusal has a code at the API and one at a <Dial>, https://www.twilio.com/docs/api/errors. The
codes of a <Dial> for an unfit account are assumed; Twilio documents none.
"""

from sandbox.twilio.account import Account
from sandbox.twilio.answers import TwilioError
from sandbox.twilio.caller_ids import CallerIds
from sandbox.twilio.permissions import DialingPermissions, Unreachable

CLOSED = Unreachable(21215, 13227, "Account not authorized to call {}. Check Geo Permissions.")
HIGH_RISK = Unreachable(21216, 13225, "Call to {} is blocked: a high risk of fraud.")
NO_PROFILE = Unreachable(21216, 21216, "Call to {} is blocked: no Primary Customer Profile.")
UNVERIFIED = Unreachable(
    21219,
    21219,
    "The number {} is unverified. Trial accounts call verified numbers only.",
)


class Reach:
    def __init__(
        self, account: Account, permissions: DialingPermissions, caller_ids: CallerIds
    ) -> None:
        self._account = account
        self._permissions = permissions
        self._caller_ids = caller_ids
        self.reset()

    def reset(self) -> None:
        self.high_risk_prefixes: set[str] = set()

    def find_refusal(self, number: str) -> Unreachable | None:
        """Return why a number may not be called, None if it may be."""
        if self._account.is_trial and not self._caller_ids.is_registered(number):
            return UNVERIFIED
        if number.startswith("+1") and not self._account.has_profile:
            return NO_PROFILE
        if not self._permissions.may_call(number):
            return CLOSED
        if number.startswith(tuple(self.high_risk_prefixes)):
            return HIGH_RISK
        return None

    def check(self, number: str) -> None:
        """Raise the refusal of the API."""
        if refusal := self.find_refusal(number):
            raise TwilioError(400, refusal.api_code, refusal.message.format(number))
