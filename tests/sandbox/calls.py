"""Calls in the sandbox."""

from tests.sandbox.conftest import ALICE, CHARLIE, OUR_NUMBER, Receiver, Sandbox, wait_for

EVENTS = ["initiated", "ringing", "answered", "completed"]


def bridge_to_charlie(receiver: Receiver, *, attributes: str = "", to: str = CHARLIE) -> None:
    receiver.answers["/twiml"] = (
        200,
        f'<Response><Dial callerId="{ALICE}" action="/after" {attributes}>'
        f'<Number statusCallback="/child" statusCallbackEvent="{" ".join(EVENTS)}">{to}'
        "</Number></Dial></Response>",
    )
    receiver.answers["/after"] = (200, "<Response/>")


def call_alice(sandbox: Sandbox, receiver: Receiver) -> str:
    call = sandbox.twilio.calls.create(
        to=ALICE,
        from_=OUR_NUMBER,
        url=f"{receiver.url}/twiml?call=1",
        status_callback=f"{receiver.url}/status",
        status_callback_event=EVENTS,
    )
    return str(call.sid)


def running_call_to(sandbox: Sandbox, number: str, status: str) -> str:
    """The SID of the call to a number, once it has come that far."""

    def found() -> str:
        calls = sandbox.get("calls", number=number, running="1")["calls"]
        return next((str(one["sid"]) for one in calls if one["status"] == status), "")

    return wait_for(found)
