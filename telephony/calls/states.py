"""The states of a call, as one table: from what Twilio says of the legs to what we say of the call.

Twilio's events come late, twice, never, and in any order. So nothing here depends on their order:
each leg keeps the most advanced status that was ever reported, and the state follows from both.
"""

from telephony.models import Call

State = Call.State

Reason = Call.EndReason

# A leg that Twilio never made, known only by asking: the customer hung up before it was dialled.
NEVER_DIALLED = "none"

# How far a leg has come. Of two endings for one leg the higher one stays, whichever came first.
_PROGRESS = {
    "": 0,
    "queued": 1,
    "initiated": 2,
    "ringing": 3,
    "in-progress": 4,
    NEVER_DIALLED: 5,
    "canceled": 6,
    "failed": 7,
    "no-answer": 8,
    "busy": 9,
    "completed": 10,
}
_ENDED_FROM = _PROGRESS[NEVER_DIALLED]

# While leg A lasts, B's status is the call's. `None` stands for every status not listed.
_BY_LEG_B: dict[str, tuple[State, str]] = {
    "in-progress": (State.ANSWERED, ""),
    "completed": (State.COMPLETED, ""),
    "busy": (State.BUSY, Reason.BUSY),
    "no-answer": (State.NO_ANSWER, Reason.NO_ANSWER),
    "failed": (State.FAILED, Reason.NOT_CONNECTED),
    "canceled": (State.CANCELED, Reason.HUNG_UP),
    NEVER_DIALLED: (State.CANCELED, Reason.HUNG_UP),
}
_BY_LEG_A: dict[str, tuple[State, str]] = {
    "busy": (State.BUSY, Reason.YOUR_PHONE_BUSY),
    "no-answer": (State.NO_ANSWER, Reason.YOUR_PHONE_NO_ANSWER),
    "failed": (State.FAILED, Reason.YOUR_PHONE_UNREACHABLE),
    "canceled": (State.CANCELED, Reason.HUNG_UP),
    "in-progress": (State.RINGING, ""),
    "queued": (State.DIALING, ""),
    "initiated": (State.DIALING, ""),
    "ringing": (State.DIALING, ""),
}
_ORDER = [State.QUEUED, State.DIALING, State.RINGING, State.ANSWERED]


def is_known(status: str) -> bool:
    """Whether a status is one that Twilio documents."""
    return status in _PROGRESS


def leg_has_ended(leg_status: str) -> bool:
    return _PROGRESS[leg_status] >= _ENDED_FROM


def further(known: str, reported: str) -> str:
    """The more advanced of two statuses of one leg."""
    return max(known, reported, key=_PROGRESS.__getitem__)


def state_of(call: Call) -> tuple[State, str]:
    """The state that the legs add up to, and the reason of an ending.

    An ended call stays as it is, and no state goes back.
    """
    before = State(call.state)
    if before in Call.ENDED_STATES:
        return before, call.end_reason
    state, reason = _derive(call)
    if state not in Call.ENDED_STATES and _ORDER.index(state) < _ORDER.index(before):
        return before, ""
    return state, reason


def _derive(call: Call) -> tuple[State, str]:
    if call.leg_b_status in _BY_LEG_B and call.leg_b_status != NEVER_DIALLED:
        if call.leg_b_status == "in-progress" and leg_has_ended(call.leg_a_status):
            return State.COMPLETED, ""  # the talk is over; its length is still to come
        return _BY_LEG_B[call.leg_b_status]
    if call.leg_a_status in _BY_LEG_A:
        return _BY_LEG_A[call.leg_a_status]
    if call.leg_a_status == "completed":
        return _after_leg_a(call)
    return State(call.state), ""


def _after_leg_a(call: Call) -> tuple[State, str]:
    """The customer's phone answered and hung up, and nothing ended B so far."""
    if call.leg_b_status == NEVER_DIALLED:
        return _BY_LEG_B[NEVER_DIALLED]
    if call.bridged_at is None:
        hung_up = call.hangup_requested_at is not None
        return (State.CANCELED, Reason.HUNG_UP) if hung_up else (State.FAILED, Reason.NOT_BRIDGED)
    return State.RINGING, ""  # what became of B is asked of Twilio


def is_leg_b_known(call: Call) -> bool:
    """Whether nothing more can come of leg B, its seconds included."""
    if call.leg_b_status == "completed":
        return call.leg_b_seconds is not None
    if call.leg_b_status:
        return leg_has_ended(call.leg_b_status)
    if not leg_has_ended(call.leg_a_status):
        return False
    return call.leg_a_status != "completed" or call.bridged_at is None


def is_accountable(call: Call) -> bool:
    """Whether both legs are over and their seconds known, so that the call can be settled."""
    if not leg_has_ended(call.leg_a_status) or not is_leg_b_known(call):
        return False
    return call.leg_a_status != "completed" or call.leg_a_seconds is not None
