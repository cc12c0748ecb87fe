"""TwiML: reading a document into verbs. https://www.twilio.com/docs/voice/twiml"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass

WORDS_PER_SECOND = 2.5
VERBS = ("Say", "Pause", "Hangup", "Reject", "Dial", "Gather")


class TwimlError(Exception):
    """`code` as in https://www.twilio.com/docs/api/errors."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Verb:
    name: str
    attributes: dict[str, str]
    text: str
    nouns: tuple["Verb", ...] = ()

    def seconds(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        value = self.attributes.get(name, str(default))
        if not value.isdigit():
            raise TwimlError(12200, f"{self.name}@{name} is no number: {value}")
        return min(max(int(value), lowest), highest)

    def flag(self, name: str) -> bool:
        return self.attributes.get(name, "false").lower() == "true"

    @property
    def answers_call(self) -> bool:
        """Report whether a call that still rings is answered for this verb, and charged.

        Every verb does but <Reject> (https://www.twilio.com/docs/voice/twiml/reject), a <Pause>
        and a <Dial> that waits for the other side.
        """
        return self.name not in ("Reject", "Pause") and not self.flag("answerOnBridge")


def parse(document: str) -> list[Verb]:
    try:
        root = ET.fromstring(document)  # noqa: S314 - written by the product, on this machine
    except ET.ParseError as error:
        raise TwimlError(12100, f"Document parse failure: {error}") from error
    if root.tag != "Response":
        raise TwimlError(12100, f"The root element is <{root.tag}>, not <Response>")
    return [_verb(element) for element in root]


def _verb(element: ET.Element) -> Verb:
    return Verb(
        name=element.tag,
        attributes=dict(element.attrib),
        text="".join(element.itertext()).strip() if not len(element) else "",
        nouns=tuple(_verb(child) for child in element),
    )


def spoken_seconds(verb: Verb) -> float:
    """Return about how many seconds a voice needs for a <Say>."""
    loops = verb.seconds("loop", 1, lowest=1, highest=1000)
    return max(1.0, len(verb.text.split()) / WORDS_PER_SECOND) * loops
