"""The telephone network: it rings, connects and ends legs, and reports to the product."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.phones import Phones, Role
from sandbox.settings import Settings
from sandbox.twilio.answers import iso8601, rfc2822
from sandbox.twilio.leg import Leg, StatusCallback
from sandbox.twilio.prices import CLIENT_PER_MINUTE, PriceList
from sandbox.twilio.signed import twilio_webhook
from sandbox.webhooks import Attempt

SETUP_SECONDS = 0.2  # from queued to initiated
ROUTE_SECONDS = 0.8  # from initiated to ringing, busy or failed
RING_SLACK_SECONDS = 5.0  # Twilio waits this much longer than the time-out that was asked for
PRICE_AFTER_SECONDS = 20.0
SIP_CODES = {"busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}


class Switchboard:
    def __init__(
        self, settings: Settings, clock: Clock, phones: Phones, courier: Courier, prices: PriceList
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._phones = phones
        self._courier = courier
        self._prices = prices
        self.legs: dict[str, Leg] = {}
        self.running: dict[str, Leg] = {}
        self._legs_to: defaultdict[str, list[Leg]] = defaultdict(list)
        self.troubles: list[dict[str, str]] = []
        self.reset()

    def reset(self) -> None:
        # https://www.twilio.com/docs/voice/api/call-resource: one by default; None, and none waits.
        self.calls_per_second: float | None = None
        self._next_start = 0.0
        self.legs.clear()
        self.running.clear()
        self._legs_to.clear()
        self.troubles.clear()

    # A leg's life.

    def open_leg(
        self,
        *,
        to: str,
        caller: str,
        parent: Leg | None = None,
        callback: StatusCallback | None = None,
        direction: str = "",
    ) -> Leg:
        now = parent.time if parent else self._clock.pace.now()
        created_at = parent.instant(now) if parent else None
        leg = Leg(
            timeline=self._clock.pace,
            created_at=created_at or self._clock.instant(),
            account_sid=self._settings.twilio_account_sid,
            to=to,
            caller=caller,
            direction=direction or ("outbound-dial" if parent else "outbound-api"),
            currency=self._prices.currency,
            time=now,
            parent=parent,
            callback=callback,
        )
        self.legs[leg.sid] = self.running[leg.sid] = leg
        self._legs_to[to].append(leg)
        return leg

    def legs_to(self, number: str) -> list[Leg]:
        """Every call to a number, oldest first."""
        return self._legs_to.get(number, [])

    def ring(self, leg: Leg, *, timeout_seconds: float) -> None:
        leg.queued_seconds = self._queue(leg) if leg.direction == "outbound-api" else 0.0
        leg.after(leg.queued_seconds + SETUP_SECONDS, lambda: self._initiate(leg, timeout_seconds))

    def _queue(self, leg: Leg) -> float:
        """Return how long a call waits until the account may start one more."""
        if self.calls_per_second is None:
            return 0.0
        starts_at = max(leg.time, self._next_start)
        self._next_start = starts_at + 1 / self.calls_per_second
        return starts_at - leg.time

    def _initiate(self, leg: Leg, timeout_seconds: float) -> None:
        leg.status = "initiated"
        self._notify(leg, "initiated")
        leg.after(ROUTE_SECONDS, lambda: self._reach(leg, timeout_seconds))

    def _reach(self, leg: Leg, timeout_seconds: float) -> None:
        role: Role = "destination" if leg.parent else "customer"
        phone = self._phones.behaviour(leg.to, role)
        if phone.outcome in ("busy", "failed"):
            self.end(leg, phone.outcome)
            return
        leg.status = "ringing"
        self._notify(leg, "ringing")
        if leg.parent and leg.parent.client:
            leg.parent.client.callee_rings()
        if phone.answers:
            leg.after(phone.answer_after_seconds, lambda: self.answer(leg))
        leg.after(timeout_seconds + RING_SLACK_SECONDS, lambda: self._give_up(leg))

    def _give_up(self, leg: Leg) -> None:
        if leg.status == "ringing":
            self.end(leg, "no-answer")

    def answer(self, leg: Leg) -> None:
        if leg.status != "ringing":
            return
        self.pick_up(leg)
        role: Role = "destination" if leg.parent else "customer"
        talk_seconds = self._phones.behaviour(leg.to, role).talk_seconds
        if talk_seconds is not None:
            leg.after(talk_seconds, lambda: self.end(leg, "completed"))
        leg.on_answer(leg)

    def listen(self, leg: Leg, on_key: Callable[[str], None]) -> None:
        """Hear the keys of a phone, and have its next scripted key pressed."""
        leg.on_key = on_key
        role: Role = "destination" if leg.parent else "customer"
        phone = self._phones.behaviour(leg.to, role)
        key, leg.questions = phone.key_at(leg.questions), leg.questions + 1
        if key:
            leg.after(phone.key_after_seconds, lambda: self.press(leg, key))

    def press(self, leg: Leg, key: str) -> None:
        """Press a key. Without a <Gather> that listens, only the other side hears it."""
        if leg.on_key is not None:
            leg.on_key(key)

    def pick_up(self, leg: Leg) -> None:
        leg.status, leg.answered = "in-progress", leg.time
        self._notify(leg, "answered")
        self.watch_limit(leg)
        if leg.client is not None:
            leg.client.leg_answered()

    def watch_limit(self, leg: Leg) -> None:
        """End the leg at its time limit, which the product may change while it runs."""
        if leg.answered is not None:
            limit = leg.time_limit
            leg.at(leg.answered + limit, lambda: self._check_limit(leg, limit))

    def _check_limit(self, leg: Leg, limit: float) -> None:
        if leg.time_limit == limit:
            self.end(leg, "completed")

    def hang_up(self, leg: Leg) -> None:
        """End the leg, in whatever state it is."""
        self.end(leg, "completed" if leg.status == "in-progress" else "canceled")

    def end(self, leg: Leg, status: str) -> None:
        if leg.is_over:
            return
        leg.status, leg.ended = status, leg.time
        self.running.pop(leg.sid, None)
        self._notify(leg, "completed")
        if leg.duration_seconds:
            self._clock.pace.call_at(leg.time + PRICE_AFTER_SECONDS, lambda: self._price(leg))
        if leg.client is not None:
            leg.client.leg_ended()
        leg.on_end(leg)

    def _price(self, leg: Leg) -> None:
        per_minute = self._prices.per_minute(leg.to, origin=leg.caller)
        if leg.client is not None:
            per_minute = CLIENT_PER_MINUTE
        leg.price = f"-{per_minute * math.ceil(leg.duration_seconds / 60):.5f}"

    # Reports to the product.

    def _notify(self, leg: Leg, event: str) -> None:
        """Each event is its own request; nothing keeps them in order on the way."""
        number, leg.sequence = leg.sequence, leg.sequence + 1
        if leg.callback is None or event not in leg.callback.events:
            return
        fields = leg.fields() | {
            "Timestamp": rfc2822(leg.instant(leg.time)) or "",
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(number),
        }
        if event == "completed":
            fields["CallDuration"] = str(leg.duration_seconds)
            fields["Duration"] = str(math.ceil(leg.duration_seconds / 60))
            fields["SipResponseCode"] = SIP_CODES.get(leg.status, "200")
            if leg.error_code:
                fields["ErrorCode"] = leg.error_code
        self.send(
            kind=f"call.{event}", url=leg.callback.url, method=leg.callback.method, fields=fields
        )

    def send(self, *, kind: str, url: str, method: str, fields: Mapping[str, str]) -> None:
        token = self._settings.twilio_auth_token
        self._courier.send(
            twilio_webhook(kind=kind, url=url, method=method, fields=fields, auth_token=token)
        )

    def ask(
        self,
        leg: Leg,
        *,
        kind: str,
        url: str,
        method: str = "POST",
        extra: Mapping[str, str] | None = None,
        then: Callable[[Attempt], None],
    ) -> None:
        """Fetch TwiML for a leg; it, and the leg it was dialled from, wait for the answer."""
        webhook = twilio_webhook(
            kind=kind,
            url=url,
            method=method,
            fields=leg.fields() | dict(extra or {}),
            auth_token=self._settings.twilio_auth_token,
        )
        waiting = [leg, leg.parent] if leg.parent else [leg]
        for one in waiting:
            one.stall()

        async def work() -> None:
            started = time.monotonic()
            attempt = await self._courier.fetch(webhook)
            elapsed = min(time.monotonic() - started, attempt.seconds) + webhook.waited_seconds
            answered_at = leg.time + elapsed
            for one in waiting:
                one.resume(answered_at)
            then(attempt)

        self._courier.start(work())

    def complain(self, leg: Leg, code: int, message: str, *, url: str = "") -> None:
        """Write an entry of the account's error log, for errors that a call cannot report."""
        self.troubles.append(
            {
                "call_sid": leg.sid,
                "error_code": str(code),
                "message": message,
                "url": url,
                "at": iso8601(leg.instant(leg.time) or leg.created_at),
            }
        )
