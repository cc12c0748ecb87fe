"""Finding out what became of a request to place a call, of which no answer was stored.

Twilio stores no id of ours with a call. A placed call is known by its two numbers, by its time, and
by our address in what Twilio noted about it. Its webhooks, which carry our id, say the same if they
come.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from mobayilo.lib.errors import ProductError
from telephony.models import Call
from telephony.twilio import gateway
from telephony.twilio.gateway import ProviderCall

# A request that places a call may be under way at Twilio for this long.
PLACING_TAKES = timedelta(seconds=30)
# A call through the computer is started by a page that is open already. After so long without it
# the call ends, and its hold with it.
STARTS_WITHIN = timedelta(seconds=60)
# Twilio's clock and ours differ by less.
CLOCKS_DIFFER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class LookUp:
    """Twilio's call for a call of ours whose outcome is unknown."""

    found: ProviderCall | None
    is_absent: bool  # Twilio has no call that could be it


def placing_takes(mode: str) -> timedelta:
    return STARTS_WITHIN if mode == Call.Mode.COMPUTER else PLACING_TAKES


def is_past_placing(call: Call) -> bool:
    """Report whether no request to place the call is under way any more, and no page starts it."""
    return call.created_at <= timezone.now() - placing_takes(call.mode)


def look_up(call: Call) -> LookUp:
    """Find a call at Twilio, together with every other lost call of its phone.

    A computer is a client at Twilio, with the call's id as its name.
    """
    if call.is_through_computer:
        since = call.created_at - CLOCKS_DIFFER
        started = gateway.find_client_calls(identity=call.public_id, since=since)
        return LookUp(started[-1] if started else None, is_absent=not started)
    without_sid = Call.objects.filter(
        from_e164=call.from_e164, mode=Call.Mode.CALLBACK, leg_a_sid=None, settled_at=None
    )
    # The call itself may have been settled meanwhile.
    lost_calls = sorted({call, *without_sid}, key=lambda lost: (lost.created_at, lost.pk))
    since = lost_calls[0].created_at - CLOCKS_DIFFER
    newest_first = gateway.find_calls(to=call.from_e164, since=since)
    sids = [leg.sid for leg in newest_first]
    known_sids = set(Call.objects.filter(leg_a_sid__in=sids).values_list("leg_a_sid", flat=True))
    oldest_first = [leg for leg in reversed(newest_first) if leg.sid not in known_sids]
    return _Match(oldest_first, lost_calls).of(call)


class _Match:
    """The lost calls that each call at Twilio may be, both the oldest first."""

    def __init__(self, placed: Iterable[ProviderCall], lost: list[Call]) -> None:
        self._found: dict[Call, ProviderCall] = {}
        self._lost = lost
        possible = {one: [ours for ours in lost if _may_be(one, ours)] for one in placed}
        self._open = {one: ours for one, ours in possible.items() if ours}
        self._settle_what_is_clear()
        if all(map(is_past_placing, lost)):
            self._settle_by_order()
        for one in list(self._open):
            self._settle_by_notes(one)
        self._settle_what_is_clear()

    def of(self, call: Call) -> LookUp:
        is_possible = call in self._found or any(call in ours for ours in self._open.values())
        return LookUp(self._found.get(call), is_absent=not is_possible)

    def _settle_what_is_clear(self) -> None:
        """Match each that can be one call only, which no other can be only, until none is left."""
        while True:
            only = Counter(some[0] for some in self._open.values() if len(some) == 1)
            clear = next((ours for ours, count in only.items() if count == 1), None)
            if clear is None:
                return
            self._settle(next(one for one, some in self._open.items() if some == [clear]), clear)

    def _settle_by_order(self) -> None:
        """Match as many as there are possible calls in the order of their times."""
        possible = [
            ours for ours in self._lost if any(ours in some for some in self._open.values())
        ]
        if len(possible) == len(self._open):
            for one, ours in zip(list(self._open), possible, strict=True):
                self._settle(one, ours)

    def _settle_by_notes(self, one: ProviderCall) -> None:
        with suppress(ProductError):
            notes = gateway.notes_of_call(one.sid)
            for ours in self._open.get(one, ()):
                if any(ours.public_id in note.url for note in notes):
                    self._settle(one, ours)
                    return

    def _settle(self, one: ProviderCall, ours: Call) -> None:
        self._found[ours] = one
        left = {other: [c for c in some if c != ours] for other, some in self._open.items()}
        self._open = {other: some for other, some in left.items() if some and other != one}


def _may_be(one: ProviderCall, ours: Call) -> bool:
    """Report whether a call at Twilio is from the time in which ours was asked for."""
    if one.created_at is None:
        return True
    until = ours.created_at + PLACING_TAKES + CLOCKS_DIFFER
    return ours.created_at - CLOCKS_DIFFER <= one.created_at <= until
