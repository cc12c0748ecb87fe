"""Verified phones, prices, and calls with everything that happened to them."""

from datetime import datetime, timedelta
from typing import TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Right
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessToken, Account, CallMode, User
from mobayilo.lib.ids import new_public_id
from telephony.pricing import CallPrice, Price

NUMBER_END_DIGITS = 4


def new_caller_id_id() -> str:
    return new_public_id("cid")


def new_verification_id() -> str:
    return new_public_id("ver")


def new_call_id() -> str:
    return new_public_id("call")


def new_registration_id() -> str:
    return new_public_id("reg")


def number_end(field: str) -> Right:
    """Return an expression for the last four digits of a number, which support searches by."""
    return Right(field, NUMBER_END_DIGITS)


class CallerId(models.Model):
    """A phone that an account verified as its own. Removed phones stay, for support."""

    class Removal(models.TextChoices):
        BY_CUSTOMER = "by_customer", "Removed by the customer"
        BY_SUPPORT = "by_support", "Removed by support"
        TAKEN_OVER = "taken_over", "Proved by another account"

    public_id = models.CharField(
        max_length=32, unique=True, default=new_caller_id_id, editable=False
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="caller_ids")
    e164 = models.CharField("number", max_length=16)
    country = models.CharField(max_length=3)
    is_default = models.BooleanField(default=False)
    verified_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_reason = models.CharField(max_length=20, choices=Removal, blank=True)

    class Meta:
        verbose_name = "caller ID"
        permissions = [
            ("remove_callerid", "Can remove caller IDs"),
            ("switch_question", "Can switch the question for a key on a customer's phone"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "e164"],
                condition=Q(removed_at=None),
                name="caller_id_once_an_account",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(removed_at=None, is_default=True),
                name="caller_id_one_default",
            ),
        ]
        indexes = [models.Index(number_end("e164"), F("id").desc(), name="caller_id_number_end")]

    def __str__(self) -> str:
        return self.e164

    @property
    def reverify_after(self) -> datetime | None:
        """Return when the phone must be verified again by our policy, None if never."""
        if not settings.CALLER_ID_REVERIFY_DAYS:
            return None
        return self.verified_at + timedelta(days=settings.CALLER_ID_REVERIFY_DAYS)

    @property
    def is_verified(self) -> bool:
        due = self.reverify_after
        return self.removed_at is None and (due is None or due > timezone.now())


class Verification(models.Model):
    """A code under way that verifies a phone. Only Twilio and the phone know the code."""

    class Channel(models.TextChoices):
        SMS = "sms", "SMS"
        CALL = "call", "Voice call"

    class State(models.TextChoices):
        REQUESTED = "requested", "Asked of Twilio"
        PENDING = "pending", "Waiting for the code"
        APPROVED = "approved", "Approved"
        REPLACED = "replaced", "Replaced by a newer one"
        EXPIRED = "expired", "Expired"
        EXHAUSTED = "exhausted", "Out of tries"
        FAILED = "failed", "Could not be sent"

    public_id = models.CharField(
        max_length=32, unique=True, default=new_verification_id, editable=False
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="verifications")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    e164 = models.CharField("number", max_length=16)
    country = models.CharField(max_length=3)
    channel = models.CharField(max_length=4, choices=Channel)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    twilio_sid = models.CharField("Twilio SID", max_length=34, blank=True)
    attempts_left = models.PositiveSmallIntegerField(default=5)
    failure_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("expire_verification", "Can expire verifications")]
        indexes = [
            models.Index(fields=["account", "state"], name="verification_of_account"),
            models.Index(number_end("e164"), F("id").desc(), name="verification_number_end"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Registration(models.Model):
    """A phone that the carrier calls, so that calls may show its number; or that it has registered.

    The carrier keeps one registration of a number, whichever accounts verified the phone.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", "Asked of Twilio"
        CALLING = "calling", "Twilio calls the phone"
        REGISTERED = "registered", "Registered"
        FAILED = "failed", "Failed"
        REMOVING = "removing", "To be removed at Twilio"
        REMOVED = "removed", "Removed"

    class Failure(models.TextChoices):
        NOT_KEYED_IN = "not_keyed_in", _("The code was not keyed in")
        NO_ANSWER = "no_answer", _("Nobody answered")
        BUSY = "busy", _("The phone was busy")
        UNREACHABLE = "unreachable", _("The phone could not be reached")
        NO_NEWS = "no_news", _("The carrier never said how it ended")
        REFUSED = "refused", _("The carrier refused to call it")

    OPEN_STATES = (State.REQUESTED, State.CALLING)

    public_id = models.CharField(
        max_length=32, unique=True, default=new_registration_id, editable=False
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    caller_id = models.ForeignKey(CallerId, on_delete=models.PROTECT, related_name="registrations")
    e164 = models.CharField("number", max_length=16)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    failure = models.CharField(max_length=12, choices=Failure, blank=True)
    # Shown to the customer while Twilio calls the phone, and blanked with the end of that call.
    code = models.CharField(max_length=10, blank=True)
    call_sid = models.CharField("Twilio's call", max_length=34, blank=True)
    carrier_sid = models.CharField("Twilio SID", max_length=34, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["e164"],
                condition=Q(state__in=("requested", "calling")),
                name="registration_one_call_at_once",
            ),
            models.UniqueConstraint(
                fields=["e164"],
                condition=Q(state__in=("registered", "removing")),
                name="registration_of_a_number_once",
            ),
        ]
        indexes = [
            models.Index(fields=["caller_id", "-id"], name="registration_of_phone"),
            models.Index(
                fields=["expires_at"],
                condition=Q(state__in=("requested", "calling", "removing")),
                name="registration_to_finish",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class ShownNumberRules(models.Model):
    """A version of the rules about whose number is shown. The newest not withdrawn applies.

    Without a version the rules that the product is shipped with apply.
    """

    text = models.TextField()
    digest = models.CharField(max_length=64, editable=False)
    row_count = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    stored_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "rules of shown numbers"
        permissions = [("set_shown_numbers", "Can set whose number is shown")]

    def __str__(self) -> str:
        return f"rules {self.pk}"


class RateDeck(models.Model):
    """A version of the whole price list. The newest version in force applies."""

    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, editable=False)
    is_sample = models.BooleanField(default=False)
    row_count = models.PositiveIntegerField()
    effective_from = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"deck {self.pk}: {self.name}"


class Rate(models.Model):
    """The price of a minute to numbers that begin with a prefix."""

    class Kind(models.TextChoices):
        FIXED = "fixed", _("Fixed")
        MOBILE = "mobile", _("Mobile")
        TOLL_FREE = "toll_free", _("Toll Free")
        PREMIUM = "premium", _("Premium")
        SHARED_COST = "shared_cost", _("Shared Cost")
        PERSONAL = "personal", _("Personal")
        PAGER = "pager", _("Pager")
        SATELLITE = "satellite", _("Satellite")
        INTERNATIONAL_NETWORK = "international_network", _("International Network")
        VOIP = "voip", _("Voip")
        UAN = "uan", _("Universal access number")
        INTERNET = "internet", _("Computer")  # no number: the leg of a call through the computer

    deck = models.ForeignKey(RateDeck, on_delete=models.CASCADE, related_name="rates")
    prefix = models.CharField(max_length=15)
    # Prefixes of the number shown, with spaces between them, for which the price holds. Empty: for
    # every number that no other row of the prefix names.
    shown_prefixes = models.CharField(
        "only if the number shown begins with",
        max_length=1000,
        blank=True,
        default="",
        db_default="",
    )
    description = models.CharField(max_length=100)
    country = models.CharField(max_length=3)
    kind = models.CharField(max_length=21, choices=Kind)
    micros_per_minute = models.PositiveBigIntegerField()
    first_seconds = models.PositiveSmallIntegerField()
    next_seconds = models.PositiveSmallIntegerField()
    effective_from = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deck", "prefix", "shown_prefixes", "effective_from"],
                name="rate_prefix_once_a_deck",
            ),
            models.CheckConstraint(
                condition=Q(first_seconds__gt=0, next_seconds__gt=0),
                name="rate_increments_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"+{self.prefix} {self.description}"


class Call(models.Model):
    """A call of two legs: A is the customer's own phone or computer, B the destination.

    The quoted prices are copied here and are billed even if the deck changes. Reports of Twilio are
    stored as facts (`leg_*`), from which `telephony.calls.states` derives `state`.
    """

    Mode: TypeAlias = CallMode

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        DIALING = "dialing", _("Dialing")
        RINGING = "ringing", _("Ringing")
        ANSWERED = "answered", _("Answered")
        COMPLETED = "completed", _("Completed")
        BUSY = "busy", _("Busy")
        NO_ANSWER = "no_answer", _("No Answer")
        FAILED = "failed", _("Failed")
        CANCELED = "canceled", _("Canceled")

    class EndReason(models.TextChoices):
        BUSY = "busy", _("The number was busy")
        NO_ANSWER = "no_answer", _("Nobody answered")
        NOT_CONNECTED = "not_connected", _("The number could not be reached")
        HUNG_UP = "hung_up", _("Hung up before it was answered")
        YOUR_PHONE_BUSY = "your_phone_busy", _("Your phone was busy")
        YOUR_PHONE_NO_ANSWER = "your_phone_no_answer", _("You did not pick up")
        YOUR_PHONE_UNREACHABLE = "your_phone_unreachable", _("Your phone could not be reached")
        CALLER_ID_REFUSED = (
            "caller_id_refused",
            _("The carrier refused to show the number"),
        )
        NO_KEY = "no_key", _("No 1 came from your phone, so the other phone did not ring")
        COUNTRY_CLOSED = "country_closed", _("The carrier does not call this country")
        DESTINATION_BLOCKED = "destination_blocked", _("The carrier blocks this number")
        PROVIDER_MISCONFIGURED = (
            "provider_misconfigured",
            _("The carrier refused it because of our own account"),
        )
        NOT_BRIDGED = "not_bridged", _("You picked up, but the call was not put through")
        FALSE_ANSWER = "false_answer", _("Too short to be a real answer, so it cost nothing")
        NOT_PLACED = "not_placed", _("The carrier never placed it")
        NOT_STARTED = "not_started", _("Your computer never started it")
        NO_NEWS = "no_news", _("The carrier never said how it ended")

    # The carrier refused to call the other phone, or got no instructions: no fault of the customer.
    REFUSALS = (
        EndReason.CALLER_ID_REFUSED,
        EndReason.COUNTRY_CLOSED,
        EndReason.DESTINATION_BLOCKED,
        EndReason.PROVIDER_MISCONFIGURED,
        EndReason.NOT_BRIDGED,
    )
    # Statuses of a leg whose phone rang, or may have.
    RANG_STATUSES = ("ringing", "in-progress", "canceled", "no-answer", "busy", "completed")
    ENDED_STATES = frozenset(
        {State.COMPLETED, State.BUSY, State.NO_ANSWER, State.FAILED, State.CANCELED}
    )

    public_id = models.CharField(max_length=32, unique=True, default=new_call_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="calls")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey(AccessToken, on_delete=models.SET_NULL, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - null leaves it out of the unique constraint
    mode = models.CharField(
        max_length=8, choices=Mode, default=Mode.CALLBACK, db_default=Mode.CALLBACK
    )
    caller_id = models.ForeignKey(CallerId, on_delete=models.PROTECT, related_name="calls")
    from_e164 = models.CharField("from", max_length=16)
    to_e164 = models.CharField("to", max_length=16)
    to_country = models.CharField("country", max_length=3)
    to_kind = models.CharField("kind", max_length=21)
    send_digits = models.CharField("extension", max_length=32, blank=True)
    # The own number is shown, then the operator's if the carrier refuses it; or that one at once.
    shows_own_number = models.BooleanField(default=True, db_default=True)
    operator_e164 = models.CharField(
        "operator's number", max_length=16, blank=True, default="", db_default=""
    )

    # Leg A is asked for a key before leg B rings, so that no mailbox places the call.
    asks_for_key = models.BooleanField(default=False, db_default=False)

    deck = models.ForeignKey(RateDeck, on_delete=models.PROTECT, related_name="+")
    leg_a_micros_per_minute = models.PositiveBigIntegerField()
    leg_a_first_seconds = models.PositiveSmallIntegerField()
    leg_a_next_seconds = models.PositiveSmallIntegerField()
    leg_b_micros_per_minute = models.PositiveBigIntegerField()
    leg_b_first_seconds = models.PositiveSmallIntegerField()
    leg_b_next_seconds = models.PositiveSmallIntegerField()
    ring_seconds = models.PositiveSmallIntegerField()
    max_seconds = models.PositiveIntegerField()
    hold_micros = models.PositiveBigIntegerField()
    # What the call may cost the operator beyond its charge, counted while the call is open.
    most_unpaid_micros = models.PositiveBigIntegerField(default=0, db_default=0)
    # Placed after the free attempts of the day, so it is charged even if it is not answered.
    charges_attempt = models.BooleanField(default=False, db_default=False)

    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    version = models.PositiveIntegerField(default=1)
    leg_a_sid = models.CharField("leg A", max_length=34, null=True, unique=True)  # noqa: DJ001 - unique where known
    leg_a_status = models.CharField(max_length=12, blank=True)
    leg_a_seconds = models.PositiveIntegerField(null=True)
    leg_b_sid = models.CharField("leg B", max_length=34, null=True, unique=True)  # noqa: DJ001 - unique where known
    leg_b_status = models.CharField(max_length=12, blank=True)
    leg_b_seconds = models.PositiveIntegerField(null=True)
    dial_error = models.PositiveIntegerField("carrier's code of a refused dial", null=True)
    leg_a_paid_micros = models.PositiveBigIntegerField("Twilio's price of A", null=True)
    leg_b_paid_micros = models.PositiveBigIntegerField("Twilio's price of B", null=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    asked_at = models.DateTimeField("asked for a key", null=True)
    bridged_at = models.DateTimeField("told to bridge", null=True)
    redialed_at = models.DateTimeField("told to dial again", null=True)
    number_refusals = models.PositiveSmallIntegerField(
        "shown numbers refused", default=0, db_default=0
    )
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    hangup_requested_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    reconcile_after = models.DateTimeField(null=True)
    reconcile_count = models.PositiveSmallIntegerField(default=0)
    end_reason = models.CharField(max_length=40, blank=True)
    leg_a_cost_micros = models.PositiveBigIntegerField(null=True)
    leg_b_cost_micros = models.PositiveBigIntegerField(null=True)

    class Meta:
        permissions = [("reconcile_call", "Can ask Twilio about a call")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "idempotency_key"], name="call_idempotency_key_once"
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None)
                | Q(hold_micros__gte=F("leg_a_cost_micros") + F("leg_b_cost_micros")),
                name="call_never_above_its_hold",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="call_history"),
            models.Index(fields=["account", "created_at"], name="call_velocity"),
            models.Index(fields=["created_at"], name="call_created"),
            models.Index(number_end("to_e164"), F("id").desc(), name="call_number_end"),
            models.Index(
                fields=["reconcile_after"],
                condition=Q(reconcile_after__isnull=False),
                name="call_to_reconcile",
            ),
            models.Index(
                fields=["account"], condition=Q(settled_at=None), name="call_unsettled_of_account"
            ),
            models.Index(
                fields=["created_at"], condition=Q(settled_at=None), name="call_unsettled_by_age"
            ),
            models.Index(
                fields=["from_e164", "to_e164", "-created_at"],
                condition=Q(number_refusals__gt=0),
                name="call_refused_number",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_through_computer(self) -> bool:
        return self.mode == self.Mode.COMPUTER

    @property
    def hold_key(self) -> str:
        return f"call:{self.public_id}"

    @property
    def price(self) -> CallPrice:
        """The price quoted for this call."""
        return CallPrice(
            leg_a=Price(
                self.leg_a_micros_per_minute, self.leg_a_first_seconds, self.leg_a_next_seconds
            ),
            leg_b=Price(
                self.leg_b_micros_per_minute, self.leg_b_first_seconds, self.leg_b_next_seconds
            ),
            ring_seconds=self.ring_seconds,
            dials=2 if self.shows_own_number and self.operator_e164 else 1,
            asks_for_key=self.asks_for_key,
        )

    @property
    def shown_e164(self) -> str:
        """The number that the called person is to see, by the last instruction to the carrier."""
        is_own = self.shows_own_number and self.redialed_at is None
        return self.from_e164 if is_own else self.operator_e164

    @property
    def fallback_e164(self) -> str:
        """The number left if the carrier refuses the one that is shown, or an empty text."""
        return self.operator_e164 if self.shown_e164 == self.from_e164 else ""

    @property
    def seen_e164(self) -> str | None:
        """The number that the called phone showed, by the carrier; None if it never rang."""
        return self.shown_e164 if self.leg_b_status in self.RANG_STATUSES else None

    @property
    def is_own_number_refused(self) -> bool:
        return self.shows_own_number and self.number_refusals > 0

    @property
    def is_number_refused(self) -> bool:
        """Whether the carrier refused the number that was shown last."""
        return self.number_refusals > (1 if self.redialed_at else 0)

    @property
    def is_unconfirmed(self) -> bool:
        """Whether leg A was asked for a key and did not press it, or not yet."""
        return self.asked_at is not None and self.bridged_at is None

    @property
    def awaits_key(self) -> bool:
        is_ending = self.has_ended or self.hangup_requested_at is not None
        return self.is_unconfirmed and not is_ending

    @property
    def extension(self) -> str | None:
        """Digits that are dialled after the answer, as people write them: `12`, `99#,1`."""
        return self.send_digits.lstrip("w").replace("wwww", ",") or None

    @property
    def redial(self) -> str:
        """The text that calls the same number again, extension and pauses too."""
        if not self.send_digits:
            return self.to_e164
        if self.send_digits.startswith("wwww"):
            return self.to_e164 + self.send_digits.replace("wwww", ",")
        return f"{self.to_e164} x{self.extension}"

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED_STATES

    @property
    def end_reason_in_words(self) -> str:
        """The reason of the end in words; the words of a refusal by the carrier are its code."""
        if self.end_reason in self.EndReason.values:
            return str(self.EndReason(self.end_reason).label)
        return self.end_reason.replace("_", " ")

    @property
    def cost_micros(self) -> int | None:
        """The amount charged, None until the call is settled."""
        if self.leg_a_cost_micros is None or self.leg_b_cost_micros is None:
            return None
        return self.leg_a_cost_micros + self.leg_b_cost_micros


class CallEvent(models.Model):
    """A report of the carrier about a call, stored once even if it is sent again."""

    class Kind(models.TextChoices):
        STATUS = "status", "Status of leg A"
        CHILD = "child", "Status of leg B"
        DIAL = "dial", "End of the bridge"
        TWIML = "twiml", "Asked what to do"
        KEY = "key", "Key pressed, or none"
        POLL = "poll", "Fetched by us"

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=6, choices=Kind)
    call_sid = models.CharField("Twilio SID", max_length=34)
    # Twilio's SequenceNumber, unique within a leg. An event without one has its status instead.
    sequence = models.CharField(max_length=20)
    status = models.CharField(max_length=12, blank=True)
    payload = models.JSONField()
    received_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call_sid", "kind", "sequence"], name="call_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"


class RefusedCall(models.Model):
    """A request for a call that was not placed, and its refusal, for support to explain."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="refused_calls")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(AccessToken, on_delete=models.SET_NULL, null=True, related_name="+")
    to_text = models.CharField("as typed", max_length=80)
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=300)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="refused_call_of_account"),
            models.Index(fields=["created_at"], name="refused_call_created"),
            models.Index(fields=["request_id"], name="refused_call_request"),
        ]

    def __str__(self) -> str:
        return self.code


class CarrierFault(models.Model):
    """A code with which the carrier refused what only the operator can mend, and its last time."""

    code = models.PositiveIntegerField()
    country = models.CharField(max_length=3, blank=True, default="")  # of codes about a country
    what = models.CharField("refused to", max_length=60, blank=True, default="")
    count = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(default=timezone.now, editable=False)
    last_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "country"], name="carrier_fault_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.country}".strip()


class DialingPermissions(models.Model):
    """The countries that the carrier does not call for us, as they were read last: one row."""

    closed_countries = models.TextField(blank=True)  # ISO codes with spaces between them
    country_count = models.PositiveIntegerField()  # of which the carrier said yes or no
    read_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "dialing permissions"

    def __str__(self) -> str:
        return f"closed: {self.closed_countries or 'none'}"


class OpenedDestination(models.Model):
    """A destination that an account may call in spite of the rules, until an operator closes it.

    That lifts the closing of a country and the price ceiling of new accounts, nothing else.
    """

    # Null: for every account.
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="opened_destinations",
    )
    destination = models.CharField(max_length=16)  # an ISO country, or + and a prefix
    reason = models.CharField(max_length=200)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("open_destination", "Can open destinations")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "destination"],
                condition=Q(closed_at=None),
                name="opened_destination_once",
            ),
            models.UniqueConstraint(
                fields=["destination"],
                condition=Q(closed_at=None, account=None),
                name="opened_destination_once_for_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.destination} for {self.account or 'everybody'}"


class AccountLimits(models.Model):
    """Limits that an operator set for one account; null is as the settings have it."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="call_limits")
    calls_at_once = models.PositiveIntegerField(null=True, blank=True)
    calls_per_hour = models.PositiveIntegerField(null=True, blank=True)
    new_numbers_per_hour = models.PositiveIntegerField(null=True, blank=True)
    spend_max_cents_per_day = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "account limits"
        permissions = [("set_limits", "Can set the limits of an account")]

    def __str__(self) -> str:
        return f"limits of {self.account}"
