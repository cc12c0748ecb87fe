"""A call, a quote and a receipt as the terminal shows them, and the phones of the account."""

import re
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from urllib.parse import quote

from moby.api.answers import Balance, Call, CallerIds, Quote, ReceiptLeg
from moby.api.client import Api
from moby.console import Console
from moby.errors import MobyError
from moby.text import clean, clock_time, dollars, length, local, whole_cents

STATES = {
    "queued": "getting ready",
    "dialing": "ringing your phone",
    "ringing": "ringing them",
    "answered": "connected",
    "completed": "ended",
    "busy": "busy",
    "no_answer": "not answered",
    "failed": "failed",
    "canceled": "cancelled",
}
# Colours repeat what the words say, for an eye that looks for the odd one.
STATE_STYLES = {
    "connected": "green",
    "ended": "green",
    "busy": "yellow",
    "not answered": "yellow",
    "failed": "red",
}
REASONS = {
    "not_connected": "the number could not be reached",
    "hung_up": "hung up before it was answered",
    "your_phone_busy": "your phone was busy",
    "your_phone_no_answer": "you did not pick up",
    "your_phone_unreachable": "your phone could not be reached",
    "caller_id_refused": "the carrier refused to show the number, so it was not called",
    "no_key": "you did not press 1, so their phone did not ring",
    "country_closed": "the carrier does not call this country",
    "destination_blocked": "the carrier blocks this number",
    "provider_misconfigured": "refused because of our account at the carrier, not because of you",
    "not_bridged": "you picked up, but the call was not put through",
    "false_answer": "too short to be a real answer, so it cost nothing",
    "not_placed": "the carrier never placed it",
    "not_started": "this computer never started it",
    "no_news": "the carrier never said how it ended",
}
# What sets the time limit of a call, where the person did not set it.
LIMITS = {
    "usual_time": " (--max-minutes for longer)",
    "longest_time": ", the longest call there is",
    "insufficient_funds": ", all your balance covers",
    "spending_limit": ", all the account may spend today",
    "limit_too_low": ", all that --max-cost covers",
    "guard_spend_call": ", all this token may spend a call",
    "guard_spend_day": ", all this token may spend today",
}
# The words that moby and the site show for a state, and other spellings of it.
_STATES_BY_WORD = {words: state for state, words in STATES.items()} | {
    "cancelled": "canceled",
    "running": "active",
}
ENDED = {"completed", "busy", "no_answer", "failed", "canceled"}


def read_state(text: str | None) -> str | None:
    """Return the state that the API takes for one as it is shown: ended, not answered, Busy.

    Raise `usage` for any other word.
    """
    if text is None:
        return None
    words = " ".join(text.lower().replace("_", " ").replace("-", " ").split())
    state = _STATES_BY_WORD.get(words, words.replace(" ", "_"))
    if state not in STATES and state != "active":
        hint = "Use active, ended, busy, not answered, failed or cancelled."
        raise MobyError("usage", f"--state {text!r} is not a state", hint)
    return state


def is_settled(call: Call) -> bool:
    """Return whether a call has ended and its cost is known."""
    return call["state"] in ENDED and call["cost"] is not None


def quote_lines(quote: Quote) -> list[str]:
    """Return a quote as the lines that a person reads before the call is placed."""
    is_computer = quote.get("mode") == "computer"
    own_end = "your computer" if is_computer else "your phone"
    place = f"{clean(quote['country_name'])}, {clean(quote['kind']).replace('_', ' ')}"
    price = dollars(quote["price_per_minute"])
    legs = {leg["leg"]: leg for leg in quote["legs"]}
    parts = " + ".join(
        f"{dollars(legs[name]['price_per_minute'])} {whose}"
        for name, whose in (("a", own_end), ("b", "theirs"))
        if name in legs
    )
    available = whole_cents(quote["available"], rounding=ROUND_DOWN)
    holding = quote.get("held_by", [])
    limit = f"none: too little for a call; {available} is available"
    if refusal := quote.get("refusal"):
        limit, holding = f"none: {clean(refusal['message'])}", []  # which names them
    elif quote["max_seconds"]:
        is_all = Decimal(quote["available"]) - Decimal(quote["hold"]) < Decimal("0.01")
        hold = available if is_all else whole_cents(quote["hold"], rounding=ROUND_UP)
        reason = LIMITS.get(quote.get("limited_by", ""), "")
        limit = f"{length(quote['max_seconds'])}{reason}; {hold} of {available} held meanwhile"
    keys = f", then keys {clean(quote['extension'])}" if quote["extension"] else ""
    if is_computer:
        origin = "this computer"
    else:
        origin = f"{clean(quote['from'])}, which rings first"
        if quote.get("asks_for_key"):
            origin += "; press 1 when you pick up"
    return [
        f"To      {clean(quote['international'])} ({place}){keys}",
        f"From    {origin}",
        f"Price   {price} a minute ({parts})",
        *_computer_lines(quote),
        f"Limit   {limit}",
        *(
            f"Held    {whole_cents(call['hold'], rounding=ROUND_UP)} by {clean(call['call_id'])} "
            f"to {clean(call['to'])}, until it ends"
            for call in holding
        ),
        *_shown_lines(quote),
        *(["Charged even if it is not answered"] if quote.get("charges_attempt") else []),
    ]


def _computer_lines(quote: Quote) -> list[str]:
    """Return the price of the same call through the computer, where that is possible."""
    totals = quote.get("total_per_minute")
    if quote.get("mode") == "computer" or totals is None or totals["computer"] is None:
        return []
    return [f"        {dollars(totals['computer'])} through this computer: add --computer"]


def _shown_lines(quote: Quote) -> list[str]:
    """Return lines with the number that the called person sees, and the one in reserve."""
    shown_number, own_number = quote.get("shown_number"), quote["from"]
    if shown_number is None or "fallback_number" not in quote:
        return []
    if fallback := quote["fallback_number"]:
        return [f"Shows   {clean(shown_number)}; if our carrier refuses it, {clean(fallback)}"]
    if shown_number == own_number:
        return [f"Shows   {clean(shown_number)}; if our carrier refuses it, the call fails"]
    lines = [f"Shows   {clean(shown_number)}, since your own number cannot be shown"]
    if quote.get("registration_helps"):
        lines.append(f"        To show yours: moby caller-id register {clean(own_number)}")
    return lines


def state_in_words(call: Call) -> str:
    """Return the state of a call, or what the person has to do for it to go on."""
    if call.get("awaits_key"):
        return "press 1 on your phone"
    if call["mode"] == "computer" and call["state"] in ("queued", "dialing"):
        return "connecting this computer"
    return STATES.get(call["state"], clean(call["state"]))


def state_line(call: Call, seconds: float | None) -> str:
    """Return the state of a call in one line; with `seconds` talked, also its estimated cost."""
    line = f"{clean(call['to'])}: {state_in_words(call)}"
    if seconds is None:
        return line
    # An estimate by the second; the receipt counts increments and the customer's own leg.
    cost = Decimal(call["price_per_minute"]) * Decimal(int(seconds)) / 60
    cost_text = dollars(str(cost.quantize(Decimal("0.01"), rounding=ROUND_UP)))
    return f"{line} {clock_time(seconds)}, about {cost_text} so far"


def show_receipt(console: Console, call: Call) -> None:
    """Print the outcome of a call, and the arithmetic of its cost."""
    state = STATES.get(call["state"], clean(call["state"]))
    reason = call["end_reason"]
    if reason and reason != call["state"]:
        state += f", {REASONS.get(reason, clean(reason).replace('_', ' '))}"
    seconds = call["duration_seconds"]
    shown_number = call["receipt"].get("shown_number") if call["receipt"] else None  # no phone rang
    if shown_number and call.get("own_number_refused"):
        shown_number = f"{shown_number}; our carrier refused {call['from']}"
    console.fields(
        [
            ("Call", call["call_id"]),
            ("To", call["to"]),
            ("From", "your computer" if call["mode"] == "computer" else call["from"]),
            ("Showed", shown_number),
            ("State", state),
            ("Started", local(call["created_at"])),
            ("Answered", local(call["answered_at"]) if call["answered_at"] else None),
            ("Ended", local(call["ended_at"]) if call["ended_at"] else None),
            ("Talked", clock_time(seconds) if seconds is not None else None),
            ("Price", f"{dollars(call['price_per_minute'])} a minute"),
        ]
    )
    if call["receipt"]:
        for leg in call["receipt"]["legs"]:
            console.write(_leg_line(leg))
        console.write(f"Total: {dollars(call['receipt']['total'])}")
    elif call["cost"] is not None:
        console.write(f"Total: {dollars(call['cost'])}")


def _leg_line(leg: ReceiptLeg) -> str:
    """Return how the cost of a leg follows from its seconds, its steps and its price."""
    if leg["to"] == "computer":
        party = "your computer"
    else:
        owner = "your" if leg["leg"] == "a" else "their"
        party = f"{owner} phone {clean(leg['to'])}"
    first_seconds, next_seconds = leg["first_seconds"], leg["next_seconds"]
    if first_seconds == next_seconds:
        steps = f"{first_seconds} s steps"
    else:
        steps = f"{first_seconds} s + {next_seconds} s steps"
    return (
        f"  {party}: {leg['seconds']} s, charged as {leg['billed_seconds']} s "
        f"({steps}) x {dollars(leg['price_per_minute'])} / 60 s = {dollars(leg['cost'])}"
    )


def find_caller_id(api: Api, text: str) -> str:
    """Return the id of the phone that a text names: by its id, or its number with or without +.

    The last six digits of the number are enough. Raise `not_found` for no phone, and `usage` for
    more than one.
    """
    if text.startswith("cid_"):
        return quote(text, safe="")
    digits = _digits(text).lstrip("0")
    items = api.get("caller-ids", CallerIds)["items"]
    is_enough = len(digits) >= 6
    matches = [c for c in items if is_enough and _digits(c["e164"]).endswith(digits)]
    if len(matches) == 1:
        return quote(matches[0]["id"], safe="")
    advice = "" if is_enough else "Give at least the last six digits. "
    raise MobyError(
        "not_found" if not matches else "usage",
        f"{text!r} is {'not one' if not matches else 'more than one'} of your phones",
        f"{advice}See them with: moby caller-id list",
    )


def read_code(text: str) -> str:
    """Return the digits of a code, which may be typed with spaces or hyphens between them.

    Raise `usage` unless there are 4 to 10.
    """
    code = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"\d{4,10}", code, re.ASCII):
        raise MobyError(
            "usage", f"{text!r} is not a code", "A code is 4 to 10 digits, such as 123456."
        )
    return code


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def remark_low_balance(console: Console, balance: Balance) -> None:
    """Print how to top up if the server reports that the balance is low."""
    if balance.get("is_low"):
        console.remark("Note: little is left. Top up with: moby topup 20 --open")
