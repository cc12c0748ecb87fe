"""Labels, links and quotes around a phone number in the text that people paste.

`unwrap` returns the number alone, in plain characters. Text that is something else, such as a
date or a web address, is refused here, so that its digits are never taken for a number.
"""

import re
import unicodedata
from typing import NoReturn
from urllib.parse import unquote

from mobayilo.lib.countries import find_country
from mobayilo.lib.errors import ProductError
from telephony.numbers.words import LABELS, longest_first

MAX_LENGTH = 120
MAX_LINK_LENGTH = 1000  # a messenger's link holds a message too; longer ones fit no address line
EXAMPLE = "Give one number, such as +44 20 7946 0018."

_WORDS = "|".join(re.escape(word) for word in longest_first(LABELS))
_LABEL = re.compile(
    rf"[\s(\[]*(?:(?:(?:de|du|da|do|del|la|le)\s+)?(?:{_WORDS})(?:\s+us)?(?![^\W\d_])|[tmpcdfwhobeтмф](?=\s*[.:])|[tmpcdfwh](?=\s+[+(\d]))"
    r"[\s.:)\]/&,|-]*(?:#?[1-9]\s*:\s*|#[\s:.]*(?=[\d(+])(?!\d+#))?",
    re.IGNORECASE,
)
_ANY_LABEL = re.compile(r"[^\d+@/:]{1,40}:\s*(?=[(\[]?\+)")  # a plus needs no word that is known
_REMARK_BEHIND = re.compile(r"(?<=\d)\)?\s*[(\[]([^\W\d_][^\d()+*#\[\]]{1,40})[)\]]$")
_EMPTY_EXTENSION = re.compile(r"(?<=\d)[\s,;]*\bext(?:n|ension)?[.:\s]*$", re.IGNORECASE)
_CONTACT_CARD = re.compile(r"^(?:item\d+\.tel[^:]*|tel;[^:+]+):", re.IGNORECASE)  # RFC 6350

_MESSENGER = re.compile(
    r"^(?:https?://)?(?:(?:www|api|web)\.)?(?:wa|t|signal)\.me/|^(?:https?://)?(?:(?:www|api|web)\.)?"
    r"(?:whatsapp\.com|telegram\.me)/|^(?:whatsapp|viber|tg|sgnl)://",
    re.IGNORECASE,
)
# Matched before it is decoded: `text=%26phone%3D…` is a message that speaks of another number.
_IN_MESSENGER = re.compile(r"(?:[?&](?:phone|number)=|#p/|\.me/)([^?&#/]+)", re.IGNORECASE)
_AFTER_PLUS = re.compile(r"[\s+]*([\d(][\d\s().-]*)")
_DIALLER = re.compile(
    r"^(?:tel|callto|smsto|sms|mms|rcs|facetime-audio|facetime|skype|sips|sip|zoomphonecall):/{0,2}",
    re.IGNORECASE,
)
_CONTEXT = re.compile(r";phone-context=([^;]+)", re.IGNORECASE)  # RFC 3966 5.1.5
_WEB = re.compile(
    r"^[a-z][a-z0-9+.-]*://|^www\.|^[a-z][\w-]*(?:\.[\w-]+)*\.[a-z]{2,}/", re.IGNORECASE
)

_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?e\+?\d{1,2}", re.IGNORECASE)
_WHOLE_DECIMAL = re.compile(r"(\+?\d{7,15})\.0+")
_DATE = re.compile(
    r"(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d"
    r"|(?:\d{1,2}\.\d{1,2}\.?(?:(?:19|20)?\d\d)?(?:\s*-\s*(?=.)|$)){2}"  # 03.07 - 17.07.15
)
# Also how numbers of New Caledonia are written, so the country decides.
SHORT_DATE = re.compile(r"(?:[012]\d|3[01])([./])(?:0\d|1[0-2])\1\d\d")
_AMOUNT = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,4}[.,]\d\d"
)
_ADDRESS = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}")

_MIDDLE_DOTS = "·∙‧・"
_PHONE_SIGNS = "☎☏✆📞📱📲📠🕻🕼🕽🕾🕿"
_QUOTES = "'\"`<>“”‘’«»„‚"


def refuse(reason: str, message: str, *, hint: str = EXAMPLE) -> NoReturn:
    raise ProductError("invalid_number", message, hint=hint, details={"reason": reason})


def unwrap(text: str) -> str:
    """Return the number as written, without what stands around it. Raise `invalid_number`."""
    if len(text) > MAX_LINK_LENGTH:
        refuse("too_long", "That is too long to be one phone number.")
    body = _without_decoration(plain(text))
    body = _CONTACT_CARD.sub("", body)
    if not (_DIALLER.match(body) or _MESSENGER.match(body)):
        body = _without_label(body)
    body = _number_in_link(body)
    if len(body) > MAX_LENGTH:
        refuse("too_long", "That is too long to be one phone number.")
    _refuse_web_and_mail(body)
    # Undo what spreadsheets do to long numbers, where it can be undone.
    if re.fullmatch(_SCIENTIFIC, body):
        refuse(
            "rounded", "A spreadsheet has rounded that number: its last digits are lost.",
            hint="Format the cell as text and write the number again.",
        )  # fmt: skip
    whole = re.fullmatch(_WHOLE_DECIMAL, body)
    return whole[1] if whole else body


def plain(text: str) -> str:
    """Return the text with ASCII digits, plain spaces and dashes, and without invisible marks."""
    for character in text:
        if unicodedata.category(character) in {"No", "Nl"}:
            refuse("sign", f"{character!r} is no digit that can be dialled.")
        if character == "\u202e":
            refuse("sign", "A mark in it turns the digits round. Type the number instead.")
    body = "".join(_plain_character(c) for c in unicodedata.normalize("NFKC", text))
    return re.sub(r"(?<=[\d)])\s*ー\s*(?=[\d(])", "-", body)  # a long vowel in words


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if character.isdecimal():
        return str(unicodedata.digit(character))
    if character in "〜∼":
        return "~"
    if character == "➕":
        return "+"
    if category == "Pd" or character in "\u2212\u2043":
        return "-"
    if character in "\n\r\v\f\u2028\u2029":
        return "\n"
    if character in _MIDDLE_DOTS:
        return "."
    if category == "Zs" or character == "\t":
        return " "
    # Bidi and zero-width marks, and what makes a digit an emoji (1️⃣).
    if category == "Cf" or character == "\u20e3" or "\ufe00" <= character <= "\ufe0f":
        return ""
    return character


def _without_decoration(body: str) -> str:
    """Take off quotes, the `=` of a spreadsheet, and one picture or bullet in front."""
    body = re.sub(rf"^[{_PHONE_SIGNS}]+\s*:?", "", body.strip()).strip(_PHONE_SIGNS).strip()
    flag = re.match(r"[\U0001f1e6-\U0001f1ff]+", body)
    if flag and "+" not in body:
        hint = "Begin with + and the code of the country, or name the country."
        refuse("flag", "A flag is not read as the country of a number.", hint=hint)
    body = body[flag.end() :] if flag else body
    if body[1:2] == " " and (body[0] == "•" or unicodedata.category(body[0]) == "So"):
        body = body[2:]
    body = re.sub(r"(?<=[\"'”’»])[,;]$|^=(?=[\s'\"+\d])", "", body.strip())  # of a table
    return body.strip().strip(_QUOTES).strip()


def _without_label(body: str) -> str:
    """Return the text without labels such as `Tel.:`, and without a remark in brackets at its end.

    Raise `invalid_number` if the remark behind a number without a plus is a country.
    """
    match = _LABEL.match(body)
    while match and match.end():
        body = body[match.end() :]
        match = _LABEL.match(body)
    body = _ANY_LABEL.sub("", body, count=1)
    remark = _REMARK_BEHIND.search(body)
    if remark and len(set(remark[1].lower())) == 1:
        return body  # (xxx) is no remark, but digits that are not there
    if remark and "+" not in body and find_country(remark[1]):
        refuse(
            "country_in_text", f"{remark[1]!r} is not read as the country of the number.",
            hint="Begin with + and the code of the country, or name the country.",
        )  # fmt: skip
    body = body[: remark.start(1) - 1] if remark else body
    return _EMPTY_EXTENSION.sub("", body).strip(_QUOTES + " ")


def _number_in_link(body: str) -> str:
    """Return the number of a link that calls or writes to one, other text as it is.

    The calling code of a `phone-context` goes in front of a number without a plus.
    """
    if _MESSENGER.match(body):
        texts = {plain(unquote(text)) for text in _IN_MESSENGER.findall(body)}
        if len(texts) > 1:
            refuse("second_number", "That link holds more than one number. Give one at a time.")
        written = _AFTER_PLUS.fullmatch("".join(texts))
        if not written:
            refuse("link", "There is no phone number in that link.")
        return f"+{written[1].strip()}"
    dialler = _DIALLER.match(body)
    if not dialler:
        return body
    is_sip = dialler[0].lower().startswith("sip")
    end = r"@|[?;](?=[a-z])" if is_sip else r"[?&](?=[a-z])"  # a host, a message, a way to call
    dialled = re.split(end, body[dialler.end() :], maxsplit=1, flags=re.IGNORECASE)[0]
    linked = plain(unquote(dialled)).strip()
    context = _CONTEXT.search(linked)
    number = _CONTEXT.sub("", linked)
    if number.startswith("+"):
        return number
    if is_sip or (context and not context[1].startswith("+")):
        refuse("private_number", "That is a number inside a company's network.")
    return f"{context[1]}{number}" if context else number


def _refuse_web_and_mail(body: str) -> None:
    if "@" in body:
        refuse("address", "That is an address, not a phone number.")
    if _WEB.match(body):
        refuse("link", "That is a web address, not a phone number.")
    if re.fullmatch(_DATE, body):
        refuse("date", "That is a date, not a phone number.")
    if re.fullmatch(_AMOUNT, body) or any(unicodedata.category(c) == "Sc" for c in body):
        refuse("amount", "That is an amount, not a phone number.")
    octets = body.split(".")
    is_phone_like = sum(len(octet) == 3 for octet in octets) < 2 and "" not in octets
    if re.fullmatch(_ADDRESS, body) and (not is_phone_like or any(len(o) == 1 for o in octets)):
        refuse("address", "That is an address of a computer, not a phone number.")
