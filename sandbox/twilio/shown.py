"""Numbers that a <Dial> may not show: the refusals of the live provider, switched on by tests.

https://www.twilio.com/docs/api/errors/13214
"""

from dataclasses import dataclass

import phonenumbers

from sandbox.twilio.caller_ids import CallerIds
from sandbox.twilio.dial import RefusedDial

ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Each end is a number, an ISO country, or `*`, which as `caller` leaves bought numbers out."""

    caller: str = ANY
    called: str = ANY
    until_registered: bool = False


class ShownNumbers:
    def __init__(self, caller_ids: CallerIds) -> None:
        self._caller_ids = caller_ids
        self.reset()

    def reset(self) -> None:
        self.refusals: list[Refusal] = []
        self.refused_dial = RefusedDial()

    def refuses(self, caller: str, called: str) -> bool:
        return any(
            self._is_meant(refusal, caller)
            and refusal.called in (ANY, called, country_of(called))
            and not (refusal.until_registered and self._caller_ids.is_registered(caller))
            for refusal in self.refusals
        )

    def _is_meant(self, refusal: Refusal, caller: str) -> bool:
        if refusal.caller == ANY:
            return caller not in self._caller_ids.purchased
        return refusal.caller in (caller, country_of(caller))


def country_of(number: str) -> str | None:
    try:
        region: str | None = phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return None
    return region
