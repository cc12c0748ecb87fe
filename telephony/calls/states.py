"""The states of a call, as one table from the statuses that Twilio reports of both legs.

Twilio's events come late, twice, never, and in any order. So nothing here depends on their order:
each leg keeps the most advanced status that was ever reported, and the state follows from both.
"""

from telephony.calls.refusals import reason_of
from telephony.models import Call

State = Call.State
Reason = Call.EndReason

# A leg that Twilio never made, because the customer hung up before it was dialled. No event reports
# that; only a question to Twilio finds it.
NEVER_DIALLED = "none"
# A leg B that failed: the request to `action`, or the errors that Twilio noted, explain whether the
# number to show was refused, and with that whether the call goes on.
UNEXPLAINED = "unexplained"

# The order in which a leg advances. Of two endings of one leg the later in this list stays.
_PROGRESS = {
    "": 0,
    "queued": 1,
    "initiated": 2,
    "ringing": 3,
    "in-progress": 4,
    UNEXPLAINED: 5,
    NEVER_DIALLED: 6,
    "canceled": 7,
    "failed": 8,
    "no-answer": 9,
    "busy": 10,
    "completed": 11,
}

# While leg A lasts, the status of leg B decides. A status that is not listed decides nothing.
_BY_LEG_B: dict[str, tuple[State, str]] = {
    "in-progress": (State.ANSWERED, ""),
    "completed": (State.COMPLETED, ""),
    "busy": (State.BUSY, Reason.BUSY),
    "no-answer": (State.NO_ANSWER, Reason.NO_ANSWER),
    "canceled": (State.CANCELED, Reason.HUNG_UP),
}
_BY_LEG_A: dict[str, tuple[State, str]] = {
    "busy": (State.BUSY, Reason.YOUR_PHONE_BUSY),
    "no-answer": (State.NO_ANSWER, Reason.YOUR_PHONE_NO_ANSWER),
    "failed": (State.FAILED, Reason.YOUR_PHONE_UNREACHABLE),
    "canceled": (State.CANCELED, Reason.HUNG_UP),
    "in-progress": (State.RINGING, ""),
    "queued": (State.QUEUED, ""),  # more calls than Twilio starts in a second wait there
    "initiated": (State.DIALING, ""),
    "ringing": (State.DIALING, ""),
}
_ORDER = [State.QUEUED, State.DIALING, State.RINGING, State.ANSWERED]


def is_known(status: str) -> bool:
    """Report whether Twilio documents a status."""
    return status in _PROGRESS


def leg_has_ended(leg_status: str) -> bool:
    return _PROGRESS[leg_status] >= _PROGRESS[NEVER_DIALLED]


def more_advanced(known: str, reported: str) -> str:
    """Return the more advanced of two statuses of one leg."""
    return max(known, reported, key=_PROGRESS.__getitem__)


def state_of(call: Call) -> tuple[State, str]:
    """Return the state that follows from both legs, and the reason of an ending.

    An ended call stays as it is, and no state goes back.
    """
    before = State(call.state)
    if call.has_ended:
        return before, call.end_reason
    state, reason = _state_by_legs(call)
    if state in _ORDER and _ORDER.index(state) < _ORDER.index(before):
        return before, ""
    return state, reason


def _state_by_legs(call: Call) -> tuple[State, str]:
    if call.leg_b_status == "in-progress" and leg_has_ended(call.leg_a_status):
        return State.COMPLETED, ""  # the talk has ended; its length is still to come
    if call.leg_b_status == "failed" and call.is_number_refused:
        return State.FAILED, Reason.CALLER_ID_REFUSED
    if call.leg_b_status == "failed":
        return State.FAILED, reason_of(call.dial_error, call.to_e164)
    if call.leg_b_status in _BY_LEG_B:
        return _BY_LEG_B[call.leg_b_status]
    if call.leg_a_status == "in-progress" and call.asks_for_key and call.bridged_at is None:
        return State.DIALING, ""  # until the customer presses the key
    if call.is_through_computer and leg_has_ended(call.leg_a_status):
        return _state_after_leg_a(call)
    if call.leg_a_status in _BY_LEG_A:
        return _BY_LEG_A[call.leg_a_status]
    if call.leg_a_status != "completed":
        return State(call.state), ""
    return _state_after_leg_a(call)


def _state_after_leg_a(call: Call) -> tuple[State, str]:
    """Return the state after the customer's side has left with no ending of leg B reported."""
    if call.bridged_at is not None and call.leg_b_status != NEVER_DIALLED:
        return State.RINGING, ""  # Twilio is asked for the end of leg B
    if call.hangup_requested_at is not None:
        return State.CANCELED, Reason.HUNG_UP
    if call.is_through_computer and call.bridged_at is None:
        return State.FAILED, Reason.NOT_STARTED
    if call.leg_b_status == NEVER_DIALLED:
        return State.CANCELED, Reason.HUNG_UP
    if call.is_unconfirmed and call.dial_error is None:
        return State.NO_ANSWER, Reason.NO_KEY
    return State.FAILED, Reason.NOT_BRIDGED


def is_leg_b_known(call: Call) -> bool:
    """Report whether no more news of leg B can come, so that its seconds are known."""
    if call.leg_b_status == "completed":
        return call.leg_b_seconds is not None
    if call.leg_b_status:
        return leg_has_ended(call.leg_b_status)
    if not leg_has_ended(call.leg_a_status):
        return False
    # A computer's leg is answered with leg B, so that its own ending says nothing of leg B.
    is_silent = call.leg_a_status != "completed" and not call.is_through_computer
    return is_silent or call.bridged_at is None


def is_accountable(call: Call) -> bool:
    """Report whether both legs have ended with known seconds, so that the call can be settled."""
    if not leg_has_ended(call.leg_a_status) or not is_leg_b_known(call):
        return False
    if call.leg_a_status != "completed" or call.leg_a_seconds is not None:
        return True
    # Twilio has no duration of a leg that was never answered, as a computer's is without leg B
    # (https://www.twilio.com/docs/voice/api/call-resource#call-properties).
    return call.is_through_computer and call.leg_b_status != "completed"
