"""The price of a call: pure arithmetic over whole seconds and micro-dollars."""

from dataclasses import dataclass

from mobayilo.lib.money import format_micros

# Twilio rings a dialled phone up to five seconds longer than the timeout it is given
# (https://www.twilio.com/docs/voice/twiml/dial#timeout).
RING_SLACK_SECONDS = 5
# Twilio ends a leg after four hours.
LONGEST_LEG_SECONDS = 4 * 3600
# The sentences that leg A hears before leg B rings and after it did not answer.
SPOKEN_SECONDS = 15
# The time to press the key after the question about it, which is asked twice.
KEY_WAIT_SECONDS = 7
# Both questions, each of about 6 seconds, with the waits and the requests between them.
QUESTION_SECONDS = 2 * (6 + KEY_WAIT_SECONDS) + 4


@dataclass(frozen=True, slots=True)
class Price:
    """A price per minute and the steps in which time is billed, such as 60/60, 30/6 or 1/1."""

    micros_per_minute: int
    first_seconds: int
    next_seconds: int

    def billed_seconds(self, seconds: int) -> int:
        """Return the time rounded up to the increments; no time is no charge."""
        if seconds <= 0:
            return 0
        beyond = max(0, seconds - self.first_seconds)
        return self.first_seconds + -(-beyond // self.next_seconds) * self.next_seconds

    def cost_micros(self, seconds: int) -> int:
        """Return the cost of a time, rounded up to a whole micro-dollar."""
        return -(-self.micros_per_minute * self.billed_seconds(seconds) // 60)

    def started_minutes_micros(self, seconds: int) -> int:
        """Return the price of every started minute, which is how Twilio counts a leg.

        https://help.twilio.com/articles/223132307
        """
        return -(-max(0, seconds) // 60) * self.micros_per_minute

    def whole_increments(self, seconds: int) -> int:
        """Return the longest time of whole increments in `seconds`, 0 below the first one."""
        if seconds < self.first_seconds:
            return 0
        steps = (seconds - self.first_seconds) // self.next_seconds
        return self.first_seconds + steps * self.next_seconds


@dataclass(frozen=True, slots=True)
class CallPrice:
    """Both legs of a callback call: A rings the customer's own phone, B the destination."""

    leg_a: Price
    leg_b: Price
    ring_seconds: int
    dials: int = 1  # a second one where another number may be shown instead of a refused one
    asks_for_key: bool = False  # leg A is asked for a key before leg B rings

    @property
    def micros_per_minute(self) -> int:
        return self.leg_a.micros_per_minute + self.leg_b.micros_per_minute

    @property
    def terms(self) -> str:
        """Prices and increments of both legs in one line, so that any change shows."""
        return " + ".join(
            f"{format_micros(leg.micros_per_minute)} {leg.first_seconds}/{leg.next_seconds}"
            for leg in (self.leg_a, self.leg_b)
        )

    @property
    def rings_seconds(self) -> int:
        """The longest time that the destination rings, in each <Dial> that may be needed."""
        return self.ring_seconds * self.dials + RING_SLACK_SECONDS

    def leg_a_limit_seconds(self, limit_seconds: int) -> int:
        """Return how long leg A may last: all that it hears, while leg B rings, and the whole talk.

        A refused <Dial> rings no phone, so the longest leg has room for a second one.
        """
        question_seconds = QUESTION_SECONDS if self.asks_for_key else 0
        before_seconds = question_seconds + SPOKEN_SECONDS + self.rings_seconds
        return min(before_seconds + limit_seconds, LONGEST_LEG_SECONDS)

    def hold_micros(self, limit_seconds: int) -> int:
        """Return the most that a call of this time limit can cost."""
        own = self.leg_a.cost_micros(self.leg_a_limit_seconds(limit_seconds))
        return own + self.leg_b.cost_micros(limit_seconds)

    def free_seconds(self, *, short_seconds: int) -> int:
        """Return the longest time of leg A that a call without a real answer may have for free.

        It is the sum of the question, the sentences, every ring and an answer of `short_seconds`.
        """
        return self.leg_a_limit_seconds(short_seconds)

    def most_unpaid_micros(self, *, short_seconds: int) -> int:
        """Return the most that a call may cost the operator beyond its charge.

        A call for free costs leg A's started minutes and a minute of leg B. One that is charged
        costs less than a minute of each leg more than its charge, by Twilio's rounding.
        """
        free_seconds = self.free_seconds(short_seconds=short_seconds)
        short_micros = self.leg_b.started_minutes_micros(max(1, short_seconds))
        return self.leg_a.started_minutes_micros(free_seconds) + short_micros

    def limit_seconds(self, *, budget_micros: int, cap_seconds: int) -> int:
        """Return the longest time limit that the budget covers, 0 without the first increment.

        A limit set by money is rounded down to the increments of leg B, since time beyond them
        would be billed and cannot be paid. A cap of time alone stays as it is.
        """
        if self.hold_micros(cap_seconds) <= budget_micros:
            return max(0, cap_seconds)
        low, high = 0, max(0, cap_seconds)
        while low < high:
            middle = (low + high + 1) // 2
            if self.hold_micros(middle) <= budget_micros:
                low = middle
            else:
                high = middle - 1
        is_covered = low > 0 and self.hold_micros(low) <= budget_micros
        return self.leg_b.whole_increments(low) if is_covered else 0
