"""What a person typed or pasted, taken apart before anyone asks which number it is.

Everything that is mere writing goes here: scripts of digits, dashes, invisible marks, labels,
`tel:` links, extensions. What cannot be part of one number is refused, never swallowed.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import NoReturn
from urllib.parse import unquote

from mobayilo.lib.errors import ProductError

MAX_LENGTH = 120
PAUSE = "wwww"  # a comma is two seconds on every phone, a w half of one
MAX_SEND_DIGITS = 32  # Twilio: SendDigits takes 32 characters
KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")

_LABEL = re.compile(
    r"^\s*(?:\(?(?:tel|tele|telephone|telefon|telefone|teléfono|telefono|tél|téléphone|phone|ph|fon|fono|"
    r"mobile|mobil|móvil|movil|mob|cell|cellphone|cel|celular|handy|portable|gsm|whatsapp|"
    r"home|work|office|landline|call|dial|number|no|nr|"
    r"тел|телефон|моб|电话|電話|手机|전화|هاتف|טל)\)?\s*[.:]*\s*[-:]?\s*(?=[\s(+\d])|[tmpc]\s*[.:]\s*)",
    re.IGNORECASE,
)
_LINK = re.compile(r"^(?:tel|callto):/{0,2}", re.IGNORECASE)
_WA_LINK = re.compile(
    r"^(?:https?://)?(?:wa\.me|api\.whatsapp\.com/send\?phone=)/?\+?", re.IGNORECASE
)
_CONTEXT = re.compile(r";phone-context=(\+[\d-]+)", re.IGNORECASE)
_EXTENSION = re.compile(
    r"[\s,.(/-]*(?:(?:;\s*ext=)|(?:(?<![a-z])(?:ext(?:ension|n|en)?|xtn?|extensión|extensão|x|int|"
    r"interno|anexo|ramal|poste|доб|durchwahl|dw|toestel|wew|内线|內線)[.:\s#]*)|\s*#\s*)"
    r"(\d{1,10})\)?$",
    re.IGNORECASE,
)
_TONES = re.compile(r"(,+)([\d*#][\d*#,]*)$")
_SEPARATOR = re.compile(r"[;,|&\n、،؛]|\b(?:or|and|und|ou|et|oder|o|y)\b", re.IGNORECASE)
_WRITING = re.compile(r"[\d+\s().\[\]/-]*$")


@dataclass(frozen=True, slots=True)
class Written:
    """One number as written: its digits with their spacing, and whether it began with a plus."""

    body: str
    has_plus: bool
    bracketed_zero: bool  # "+44 (0)20": the zero is there for callers at home
    letters: str  # the tail that holds letters, empty for nearly everyone
    extension: str | None
    send_digits: str | None
    # What is keyed in after a bare comma or #, which may as well be the next number of a list.
    tails: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\d+", self.body))

    @property
    def digits(self) -> str:
        return "".join(self.groups)

    def cut(self, start: int, end: int | None) -> "Written":
        """A part of it as a number of its own; only the first part can have the plus."""
        return replace(self, body=self.body[start:end], has_plus=self.has_plus and start == 0)

    def with_letters_dialled(self) -> "Written":
        """The number that a keypad dials for `1-800-FLOWERS` (ITU-T E.161)."""
        return replace(self, body=self.body + self.letters.upper().translate(KEYPAD), letters="")


def refuse(reason: str, message: str, *, hint: str | None = None) -> NoReturn:
    hint = hint or "Give one number, such as +44 20 7946 0018."
    raise ProductError("invalid_number", message, hint=hint, details={"reason": reason})


def raw_digits(text: str) -> str:
    """Every digit of the text in order, whatever surrounds it."""
    return "".join(str(unicodedata.digit(c)) for c in text[:MAX_LENGTH] if c.isdecimal())


def read_text(text: str) -> Written:
    """Takes apart what was written. Raises `invalid_number` for what is not one phone number."""
    if len(text) > MAX_LENGTH:
        refuse("too_long", "That is too long to be one phone number.")
    body, context = _without_wrapping(_plain(text))
    body, extension, send_digits, tails = _split_extension(body)
    body, has_plus = _split_plus(f"{context}{body}")
    body = re.sub(r"\(?0\s*xx(?=[\s\d)-])", "0", body, flags=re.IGNORECASE)
    body, letters = _split_letters(body)
    bracketed_zero = has_plus and bool(re.match(r"[\d\s.-]*[(\[]\s*0\s*[)\]]", body))
    _refuse_other_signs(body)
    if not re.search(r"\d", body):
        refuse("no_digits", "There is no phone number in that.")
    return Written(body, has_plus, bracketed_zero, letters, extension, send_digits, tails)


def _plain(text: str) -> str:
    """ASCII digits, plain spaces and dashes; invisible marks gone."""
    for character in text:
        if unicodedata.category(character) in {"No", "Nl"}:
            refuse("sign", f"{character!r} is no digit that can be dialled.")
    return "".join(_plain_character(c) for c in unicodedata.normalize("NFKC", text))


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if character.isdecimal():
        return str(unicodedata.digit(character))
    if category == "Pd" or character in "\u2212\u2043ー":
        return "-"
    if character in "\n\r\v\f\u2028\u2029":
        return "\n"
    if category == "Zs" or character in "\t·•∙‧~":  # 8~10: wait for the tone
        return " "
    if category in {"Cf", "Mn", "So"}:  # bidi and zero-width marks, accents of emoji, ☎
        return ""
    return character


def _without_wrapping(text: str) -> tuple[str, str]:
    """The number itself without quotes, label or link; and the context of a `tel:` link."""
    body = text.strip().strip("'\"`<>“”‘’«»").strip().rstrip(" ,;.")
    whatsapp = _WA_LINK.match(body)
    if whatsapp:
        return "+" + body[whatsapp.end() :], ""
    link = _LINK.match(body)
    if link:
        body = unquote(body[link.end() :]).strip()
        context = _CONTEXT.search(body)
        return _CONTEXT.sub("", body), context[1] if context else ""
    for _ in range(2):  # "Tel (mobile): …" and "Phone no. …" carry two
        body = _LABEL.sub("", body, count=1)
    return body, ""


def _split_extension(body: str) -> tuple[str, str | None, str | None, tuple[str, ...]]:
    """Splits what is keyed in after the answer from the number: `x12`, `;ext=12`, `,,12#`.

    Last come the parts of it that nothing marks as keys: neither a word nor a # at the end.
    """
    tones = _TONES.search(body)
    if tones and re.search(r"\d", body[: tones.start()]):
        keyed = tones[2]
        send_digits = _checked((tones[1] + keyed).replace(",", PAUSE))
        tails = tuple(part for part in keyed.split(",") if part.isdecimal())
        return body[: tones.start()], keyed, send_digits, tails
    match = _EXTENSION.search(body)
    if match and re.search(r"\d", body[: match.start()]):
        is_marked = bool(re.search(r"[^\W\d_]", match[0]))
        tails = () if is_marked else (match[1],)
        return body[: match.start()], match[1], _checked(f"ww{match[1]}"), tails
    return body, None, None, ()


def _checked(send_digits: str) -> str:
    if len(send_digits) > MAX_SEND_DIGITS:
        refuse("extension", "The extension is longer than can be keyed in after the answer.")
    return send_digits


def _split_plus(body: str) -> tuple[str, bool]:
    """Takes the plus off the front; `++44`, `(+44)`, `00+44` and `+0044` all mean one plus."""
    if re.match(r"\s*[*#]", body):
        refuse("service_code", "Codes such as *31# or #31# set up a phone; leave them out.")
    before, plus, after = body.partition("+")
    if not plus:
        return body, False
    after = re.sub(r"^[+\s]+", "", after)
    if "+" in after or not re.fullmatch(r"[\s(\[]*(?:0{1,2}11|00)?[\s)-]*", before):
        refuse("second_number", "That holds more than one number. Give one at a time.")
    opening = re.sub(r"[^(\[]", "", before)
    after = re.sub(r"^(?:0{1,2}[-\s]*11|0[-\s]*0)(?=\D*\d{2})", "", after)
    return opening + after, True


def _split_letters(body: str) -> tuple[str, str]:
    """Splits off a tail such as `FLOWERS` of `1-800-FLOWERS`. Any other letter is refused."""
    match = re.search(r"[^\W\d_]", body)
    if not match:
        return body, ""
    if re.search(r"\d\s*[pw]\s*[\d*#]", body, re.IGNORECASE):
        refuse("pause", "Pauses written p or w are not dialled. Write an extension as x99.")
    if re.fullmatch(r"[OoIl\W\d]+", body):
        repaired = body.translate(str.maketrans("OoIl", "0011")).strip()
        message = "It has the letter O or l where a digit belongs: write 0 or 1."
        refuse("letter_for_digit", message, hint=f"Write it as {repaired}")
    if _SEPARATOR.search(body):
        refuse("second_number", "That holds more than one number, or words. Give one number.")
    head, tail = body[: match.start()], body[match.start() :]
    if not re.fullmatch(r"[\dA-Za-z\s.()-]+", tail) or len(re.findall(r"\d", head)) < 2:
        refuse("letters", "It has letters in it. Give the number alone.")
    if len(re.findall(r"[A-Za-z]", tail)) < 3:
        refuse("letters", "It has letters after the digits. Give the number alone.")
    return head, tail


def _refuse_other_signs(body: str) -> None:
    if _WRITING.match(body):
        return
    if _SEPARATOR.search(body):
        refuse("second_number", "That holds more than one number. Give one at a time.")
    sign = next(c for c in body if not _WRITING.match(c))
    refuse("sign", f"{sign!r} cannot be part of a phone number.")
