"""A phone number as written, taken apart before it is known which number it is.

The groups of digits, the brackets around them and the plus in front are kept apart, so that each
reading can say which marks it uses. What cannot be part of one number is refused, never dropped.
"""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, NoReturn

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from telephony.numbers.words import EXTENSION_WORDS, longest_first
from telephony.numbers.wrapping import refuse

PAUSE = "wwww"  # a comma is two seconds on every phone, a w half of one
MAX_DIGITS = 40  # as many as two numbers with exit codes have, which are refused as a list
MAX_SEND_DIGITS = 32  # Twilio: SendDigits takes 32 characters
LEAST_DIGITS_OF_LIST = 4  # fewer digits beside a comma or "or" are no second number
KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")  # ITU-T E.161

_WORDS = "|".join(longest_first(EXTENSION_WORDS)).replace(".", r"\.").replace("_", r"\s+")
_EXTENSION = re.compile(
    rf"[\s,.(/;:-]*(?:;\s*ext=|(?<![^\W\d_])(?:{_WORDS})(?![^\W\d_])[.:\s#=]*|\s*#\s*)"
    r"(\d{1,10})\s*番?\)?$",
    re.IGNORECASE,
)
_TONES = re.compile(r"(,+)([\d*#][\d*#,]*)$")
# Signs and letters that stand for digits which are not there, as in `+34 6XX XXX XXX`.
_HIDDEN = re.compile(
    r"[•●○■□▪█▒░�∗_?]|\.{2,}|\#{2,}|(?<=\d)\s*(?:-\s*){2,}|(?<=\d)-$|\*|×|(?<![^\W\d_])(?:x+|х+|n{2,})(?![^\W\d_])",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[;,|&\n、،؛~]|\b(?:or|and|und|ou|et|oder|o|y|e|и|или)\b", re.IGNORECASE)
_WRITING = re.compile(r"[\d+\s().\[\]/-]*$")
_LETTER = re.compile(r"[^\W\d_]")


class Group(NamedTuple):
    """Digits that were written together; `is_bracketed` if nothing else is in their brackets."""

    digits: str
    is_bracketed: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that are pressed after the answer."""

    extension: str | None = None
    send_digits: str | None = None
    # The keys after a bare comma or #, which may as well be the next number of a list.
    tails: tuple[str, ...] = ()
    is_glued: bool = False  # 1234x56: the x may stand for a digit that is not there

    def __post_init__(self) -> None:
        if len(self.send_digits or "") > MAX_SEND_DIGITS:
            refuse("extension", "The extension is longer than can be keyed in after the answer.")


@dataclass(frozen=True)
class Written:
    """One number as written: groups of digits, and what they were marked with."""

    body: str
    has_plus: bool
    letters: str = ""  # the tail that holds letters, empty for nearly all numbers
    is_vanity: bool = False  # its last digits were letters
    is_brazilian: bool = False  # 0xx11: xx stands for any Brazilian carrier
    keys: Keys = Keys()

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        matches = re.finditer(r"[(\[]\s*(\d+)\s*[)\]]|\d+", self.body)
        return tuple(Group(match[1] or match[0], bool(match[1])) for match in matches)

    @cached_property
    def digits(self) -> str:
        return _joined(self.groups)

    @cached_property
    def zero_at(self) -> int | None:
        """Return the place of a group that is a zero alone in brackets: `(0)` of `+44 (0)20`."""
        zeros = [n for n, group in enumerate(self.groups) if group == Group("0", True)]
        return zeros[0] if zeros else None

    @property
    def before_zero(self) -> str:
        """Return the digits before a zero in brackets; nothing if there is none."""
        return _joined(self.groups[: self.zero_at or 0])

    @property
    def is_international(self) -> bool:
        """Return whether the country is part of the number: `+48 22 …`, or `48 (0) 22 …`."""
        return self.has_plus or is_calling_code(self.before_zero)

    def after(self, prefix: str) -> list[str]:
        """Return the digits after a plus (an empty prefix) or an exit code, the calling code first.

        The zero of `+44 (0)20` is for callers at home, so it is left out. The digits with the zero
        come second, for countries whose numbers keep it abroad. Return no digits if the zero in
        brackets does not follow a calling code.
        """
        if self.zero_at is None:
            return [self.digits.removeprefix(prefix)]
        code = self.before_zero.removeprefix(prefix)
        rest = _joined(self.groups[self.zero_at + 1 :])
        return [code + rest, f"{code}0{rest}"] if is_calling_code(code) else []

    def cut(self, start: int, end: int | None) -> "Written":
        """Return a part as a number of its own; only the first part can have the plus."""
        return replace(self, body=self.body[start:end], has_plus=self.has_plus and start == 0)

    def with_letters_dialled(self, letters: str) -> "Written":
        """Return the number that a keypad dials for `1-800-FLOWERS`."""
        digits = self.body + letters.upper().translate(KEYPAD)
        return replace(self, body=digits, letters="", is_vanity=True)


def _joined(groups: tuple[Group, ...]) -> str:
    return "".join(group.digits for group in groups)


def is_calling_code(digits: str) -> bool:
    return (
        digits.isdecimal()
        and not digits.startswith("0")
        and int(digits) in COUNTRY_CODE_TO_REGION_CODE
    )


def read_text(body: str) -> Written:
    """Return the parts of a number as written, from the text that `unwrap` returned.

    Raise `invalid_number` for a text that is not one number.
    """
    if not body.endswith(".."):  # two dots mean that digits were left out: they are refused below
        body = re.sub(r"(?<=[A-Za-z])[?!]$", "", body).rstrip(" ,;.")  # 1-800-GOT-JUNK?
    body, keys = _split_extension(body)
    body, has_plus = _split_plus(body)
    # 0xx11 in Brazil: xx stands for the code of any carrier, which is left out.
    carrier_code = re.match(r"([\s(\[\d]*)0[\s-]*xx(?=[\s()\]-]*\d\d)", body, re.IGNORECASE)
    if carrier_code:
        body = f"{carrier_code[1]}0{body[carrier_code.end() :]}"
    # 8~10 in Russia: 8, a wait for the dial tone, then 10.
    body = re.sub(r"^\s*(8|0)~(10|0)\b", r"\1 \2", body)
    hidden = _HIDDEN.search(body)
    if hidden and re.search(r"\d", body):
        refuse_hidden(hidden[0])
    body, letters = _split_letters(body, plus="+" if has_plus else "")
    if not _WRITING.match(body):
        if _is_list(body):
            _refuse_list()
        if "~" in body:
            refuse("second_number", "A ~ stands for several numbers. Give one at a time.")
        sign = next(c for c in body if not _WRITING.match(c))
        refuse("sign", f"{sign!r} cannot be part of a phone number.")
    if not re.search(r"\d", body):
        refuse("no_digits", "There is no phone number in that.")
    if len(re.findall(r"\d", body)) > MAX_DIGITS:
        refuse("too_long", "Too long: no phone number has more than 15 digits.")
    return Written(body, has_plus, letters, is_brazilian=bool(carrier_code), keys=keys)


def _split_extension(body: str) -> tuple[str, Keys]:
    """Return the number and, apart, its keys for after the answer: `x12`, `;ext=12`, `,,12#`."""
    tones = _TONES.search(body)
    if tones and re.search(r"\d", body[: tones.start()]):
        key_text = tones[2]
        tails = tuple(part for part in key_text.split(",") if part.isdecimal())
        return body[: tones.start()], Keys(
            key_text, (tones[1] + key_text).replace(",", PAUSE), tails
        )
    match = _EXTENSION.search(body)
    if not match or not re.search(r"\d", body[: match.start()]):
        return body, Keys()
    is_glued = match[0][0] in "xX"
    tails = () if _LETTER.search(match[0]) else (match[1],)
    return body[: match.start()], Keys(match[1], f"ww{match[1]}", tails, is_glued)


def _split_plus(body: str) -> tuple[str, bool]:
    """Return the text without a plus in front, and whether it had one.

    `++44`, `(+44)`, `00+44` and `+0044` all mean one plus.
    """
    if re.match(r"\s*[*#]+\d", body):
        refuse("service_code", "Codes such as *31# or #31# set up a phone; leave them out.")
    before, plus, after = body.partition("+")
    if not plus:
        return body, False
    after = re.sub(r"^[+\s]+", "", after)
    parts = [len(re.findall(r"\d", part)) for part in (before, *after.split("+"))]
    if sum(count > LEAST_DIGITS_OF_LIST for count in parts) > 1:
        _refuse_list()
    if _LETTER.search(before):
        refuse("letters", "It has words before the number. Give the number alone.")
    is_in_front = re.fullmatch(r"[\s(\[-]*(?:0{1,2}11|00)?[\s()\[\]-]*", before)
    if not is_in_front or "+" in after:
        refuse("sign", "A plus belongs in front of the number.")
    opening = re.sub(r"[^(\[]", "", before)
    after = re.sub(r"^(?:0{1,2}[-\s]*11|0[-\s]*0)(?=\D*\d{2})", "", after)
    return opening + after, True


def _refuse_list() -> NoReturn:
    refuse("second_number", "That holds more than one number. Give one at a time.")


def refuse_hidden(mark: str) -> NoReturn:
    refuse(
        "hidden_digits", f"{mark!r} stands for digits that are not there.",
        hint="Give the whole number, every digit of it.",
    )  # fmt: skip


def _split_letters(body: str, *, plus: str) -> tuple[str, str]:
    """Return the text before a tail such as `FLOWERS` of `1-800-FLOWERS`, and the tail.

    Raise `invalid_number` for any other letter. `plus` goes in front of a number in a hint.
    """
    match = _LETTER.search(body)
    if not match:
        return body, ""
    if not re.search(r"\d", body):
        refuse("no_digits", "There is no phone number in that.")
    if re.search(r"\d\s*[pw]\s*[\d*#]", body, re.IGNORECASE):
        refuse("pause", "Pauses written p or w are not dialled. Write an extension as x99.")
    if re.fullmatch(r"[OoIl\W\d]+", body):
        corrected = body.translate(str.maketrans("OoIl", "0011")).strip()
        message = "It has the letter O or l where a digit belongs: write 0 or 1."
        refuse("letter_for_digit", message, hint=f"Write it as {plus}{corrected}")
    if _is_list(body):
        _refuse_list()
    head, tail = body[: match.start()], body[match.start() :]
    tokens = re.findall(r"[^\W\d_]+", tail.lower())
    is_pattern = max(map(len, tokens)) > 1 and all(len(set(token)) == 1 for token in tokens)
    if is_pattern or re.search(r"([a-z])\1{3}", tail.lower()):
        refuse_hidden(tail)  # 1-800-NNN-NNNN
    is_glued_late = bool(re.search(r"\d{5}$", head))  # 917878787xyz, unlike 1800FLOWERS
    is_alien = not re.fullmatch(r"[\d\s.()\[\]/-]*[A-Za-z][\dA-Za-z\s.()-]*", body)
    if is_alien or is_glued_late or len(re.findall(r"\d", head)) < 2:
        refuse("letters", "It has letters or words in it. Give the number alone.")
    if len(re.findall(r"[A-Za-z]", tail)) < 3:
        refuse("letters", "It has letters after the digits. Give the number alone.")
    return head, tail


def _is_list(body: str) -> bool:
    """Return whether a comma, a line end or a word such as `or` parts two numbers."""
    parts = [len(re.findall(r"\d", part)) for part in _SEPARATOR.split(body)]
    return sum(count >= LEAST_DIGITS_OF_LIST for count in parts) > 1
