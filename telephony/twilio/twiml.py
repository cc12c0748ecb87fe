"""Instructions to Twilio for a customer who picked up (https://www.twilio.com/docs/voice/twiml)."""

from xml.etree.ElementTree import Element, SubElement, tostring

from django.conf import settings
from django.urls import reverse

from telephony.models import Call

# Three more tries (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides). The
# fragment is never part of the signature.
_RETRY = "#rc=3&rp=ct,rt,5xx"
# A callerId that may not be shown (https://www.twilio.com/docs/api/errors/13214).
CALLER_ID_REFUSED = 13214
# A <Dial> that rang no phone: https://www.twilio.com/docs/api/errors, 13223 to 13227.
DIAL_REFUSALS = frozenset({CALLER_ID_REFUSED, 13223, 13224, 13225, 13226, 13227})
# The request to `action` of the second <Dial> of a call says so.
SECOND_DIAL = "dial=2"
_REFUSED = "The carrier refused to show your number, so the call was not made."
_UNANSWERED = {
    "busy": "The number is busy.",
    "no-answer": "Nobody answered.",
    "failed": "The call could not be connected.",
}


def bridge(call: Call) -> str:
    """Announce how long the call may last, then dial the destination."""
    minutes, seconds = divmod(call.max_seconds, 60)
    parts = [_counted(minutes, "minute"), _counted(seconds if minutes < 10 else 0, "second")]
    return _dial(call, f"You have {' and '.join(filter(None, parts))}.", webhook_url(call, "dial"))


def bridge_again(call: Call) -> str:
    """Dial the destination once more, from the operator's number, after the own one was refused."""
    words = "Your own number cannot be shown on this call. They see another one."
    return _dial(call, words, f"{webhook_url(call, 'dial')}?{SECOND_DIAL}")


def _dial(call: Call, words: str, action: str) -> str:
    response = Element("Response")
    SubElement(response, "Say").text = words
    dial = SubElement(
        response,
        "Dial",
        callerId=call.shown_e164,
        timeLimit=str(call.max_seconds),
        timeout=str(call.ring_seconds),
        action=action,
        method="POST",
    )
    number = SubElement(
        dial,
        "Number",
        statusCallback=webhook_url(call, "child", retried=True),
        statusCallbackEvent="initiated ringing answered completed",
        statusCallbackMethod="POST",
    )
    if call.send_digits:
        number.set("sendDigits", call.send_digits)
    number.text = call.to_e164
    return _document(response)


def end(dial_status: str = "", *, is_number_refused: bool = False) -> str:
    """Hang up, after a word about the reason if the customer may still be listening."""
    response = Element("Response")
    if words := _REFUSED if is_number_refused else _UNANSWERED.get(dial_status):
        SubElement(response, "Say").text = words
    SubElement(response, "Hangup")
    return _document(response)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""


def webhook_url(call: Call, name: str, *, retried: bool = False) -> str:
    """Return the address to which Twilio reports; with `retried` it sends a lost event again."""
    path = reverse(f"telephony:webhook-{name}", args=[call.public_id])
    return f"{settings.PUBLIC_URL}{path}{_RETRY if retried else ''}"


def _document(response: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")
