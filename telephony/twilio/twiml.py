"""Instructions to Twilio for a customer who picked up (https://www.twilio.com/docs/voice/twiml)."""

import tomllib
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from django.conf import settings
from django.urls import reverse

from telephony.models import Call
from telephony.pricing import KEY_WAIT_SECONDS

# Up to five more tries within 15 seconds, where Twilio by default tries once more, and that only if
# it got no connection (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides). A
# call whose instructions cannot be fetched ends. The fragment is never part of the signature.
RETRY = "#rc=5&rp=ct,rt,5xx"
# A callerId that may not be shown (https://www.twilio.com/docs/api/errors/13214).
CALLER_ID_REFUSED = 13214
# The request to `action` of the second <Dial> of a call says so.
SECOND_DIAL = "dial=2"
# The request after the second question of a call says so.
SECOND_QUESTION = "question=2"
# A person who picked up presses this key; a mailbox cannot.
KEY_TO_CALL = "1"
_UNANSWERED = ("busy", "no-answer", "failed")
_SENTENCES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text(encoding="utf-8"))


def ask_for_key(call: Call, *, is_second: bool = False) -> str:
    """Ask for the key that calls the destination, and request `key` with it or without one.

    https://www.twilio.com/docs/voice/twiml/gather
    """
    response = Element("Response")
    gather = SubElement(
        response,
        "Gather",
        action=webhook_url(call, "key", query=SECOND_QUESTION if is_second else ""),
        method="POST",
        numDigits="1",
        finishOnKey="",  # else # would be no key at all
        timeout=str(KEY_WAIT_SECONDS),
        actionOnEmptyResult="true",
    )
    _say(gather, _SENTENCES["question"].format(digits=" ".join(call.to_e164[-4:])))
    return _document(response)


def bridge(call: Call) -> str:
    """Announce how long the call may last, then dial the destination."""
    words = _SENTENCES["limit"].format(time=_time_in_words(call.max_seconds))
    return _dial(call, words, webhook_url(call, "dial"))


def bridge_again(call: Call) -> str:
    """Dial the destination once more, from the operator's number, after the own one was refused."""
    action = webhook_url(call, "dial", query=SECOND_DIAL)
    return _dial(call, _SENTENCES["another_number"], action)


def _dial(call: Call, words: str, action: str) -> str:
    """Return TwiML that says `words` and dials leg B; Twilio posts the outcome to `action`."""
    response = Element("Response")
    if not call.is_through_computer:
        _say(response, words)
    dial = SubElement(
        response,
        "Dial",
        callerId=call.shown_e164,
        timeLimit=str(call.max_seconds),
        timeout=str(call.ring_seconds),
        action=action,
        method="POST",
    )
    if call.is_through_computer:
        # The computer hears the other side ring, and its own leg is answered with the other one.
        dial.set("answerOnBridge", "true")
    number = SubElement(
        dial,
        "Number",
        statusCallback=webhook_url(call, "child"),
        statusCallbackEvent="initiated ringing answered completed",
        statusCallbackMethod="POST",
    )
    if call.send_digits:
        number.set("sendDigits", call.send_digits)
    number.text = call.to_e164
    return _document(response)


def reject() -> str:
    """Refuse a client's call before it is answered, so that it costs nothing."""
    response = Element("Response")
    SubElement(response, "Reject")
    return _document(response)


def end(dial_status: str = "", *, is_number_refused: bool = False) -> str:
    """Hang up, after a word about the reason if the customer may still be listening."""
    name = "number_refused" if is_number_refused else dial_status
    return _hang_up(_SENTENCES[name] if name in ("number_refused", *_UNANSWERED) else "")


def answer_inbound() -> str:
    """Say to a caller of one of the operator's numbers that it is not answered, and hang up."""
    return _hang_up(_SENTENCES["inbound"])


def trial(phone: str) -> str:
    """Dial our own number from the operator's phone, for `check_live --call`, and say goodbye."""
    response = Element("Response")
    _say(response, _SENTENCES["trial"])
    attributes = {"callerId": phone, "timeout": "20", "timeLimit": "20"}
    SubElement(response, "Dial", attributes).text = settings.TWILIO_FROM_NUMBER
    _say(response, _SENTENCES["trial_end"])
    return _document(response)


def end_unconfirmed() -> str:
    """Say that the key was not pressed, and hang up."""
    return _hang_up(_SENTENCES["not_confirmed"])


def _hang_up(words: str) -> str:
    response = Element("Response")
    if words:
        _say(response, words)
    SubElement(response, "Hangup")
    return _document(response)


def _say(parent: Element, words: str) -> None:
    SubElement(parent, "Say", language=_SENTENCES["language"]).text = words


def _time_in_words(time_seconds: int) -> str:
    """Return a time in words, without the seconds from ten minutes on."""
    minutes, seconds = divmod(time_seconds, 60)
    if minutes >= 10 or not seconds:
        return _counted(minutes, "minutes")
    if not minutes:
        return _counted(seconds, "seconds")
    both: str = _SENTENCES["minutes_and_seconds"]
    return both.format(minutes=_counted(minutes, "minutes"), seconds=_counted(seconds, "seconds"))


def _counted(count: int, unit: str) -> str:
    one, several = _SENTENCES[unit]
    return str(one if count == 1 else several).format(count=count)


def webhook_url(call: Call, name: str, *, query: str = "") -> str:
    """Return the address to which Twilio reports, or which it asks what to do."""
    path = reverse(f"telephony:webhook-{name}", args=[call.public_id])
    return f"{settings.PUBLIC_URL}{path}{'?' if query else ''}{query}{RETRY}"


def _document(response: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")
