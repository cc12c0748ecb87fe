"""Accounts pay, users sign in, tokens act for users."""

import re
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.guards import Guards
from mobayilo.lib.ids import new_public_id


class Scope(models.TextChoices):
    """A right, `subject:action`, in alphabetical order."""

    ACCOUNT_READ = "account:read", _("See the account and where it is signed in")
    BILLING_READ = "billing:read", _("See balance, top-ups and transactions")
    BILLING_WRITE = "billing:write", _("Start top-ups")
    CALLER_IDS_WRITE = "caller_ids:write", _("Verify, choose and remove caller IDs")
    CALLS_READ = "calls:read", _("See calls and receipts")
    CALLS_WRITE = "calls:write", _("Place and end calls, which spends balance")
    TOKENS_WRITE = "tokens:write", _("Create and revoke tokens and sign devices out")


class CallMode(models.TextChoices):
    CALLBACK = "callback", _("Your phone rings first")
    COMPUTER = "computer", _("Through the computer")


DEVICE_DEFAULT: tuple[str, ...] = tuple(s.value for s in Scope if s is not Scope.TOKENS_WRITE)


def new_account_id() -> str:
    return new_public_id("acct")


def new_token_id() -> str:
    return new_public_id("tok")


class Account(models.Model):
    """The payer: wallet, caller IDs and calls belong to it. It may have several equal users."""

    public_id = models.CharField(max_length=32, unique=True, default=new_account_id, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_reason = models.CharField(max_length=200, blank=True)
    default_country = models.CharField(max_length=2, blank=True)
    # Calls fail rather than show another number than the account's own phone.
    only_my_number = models.BooleanField(default=False, db_default=False)
    # A call rings the other phone only after 1 was pressed on the account's own.
    asks_for_key = models.BooleanField(default=True, db_default=True)
    # Of calls from a terminal that say neither, while no agent runs there.
    call_mode = models.CharField(
        max_length=8,
        choices=CallMode.choices,
        default=CallMode.CALLBACK,
        db_default=CallMode.CALLBACK,
    )
    # Set by staff to allow less than TOKEN_MAX_DAYS; never more.
    token_max_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        permissions = [
            ("freeze_account", "Can freeze and thaw an account"),
            ("tighten_tokens", "Can set how long tokens of an account may live"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def frozen_reason_parts(self) -> list[str]:
        """Return the reason split at its top-ups, which a page links."""
        parts = re.split(r"(top_[0-9A-Za-z]+)", self.frozen_reason.rstrip("."))
        return [part.strip() for part in parts if part.strip()]


class UserManager(BaseUserManager["User"]):
    """A manager that makes users, each with a new account unless one is given."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, by the email address."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="users")
    email = models.EmailField(max_length=254, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Set when the password or the address changed, until the user decides about the tokens made
    # before.
    tokens_in_question_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Which version of the terms the user accepted; empty before there were any.
    terms_version = models.CharField(max_length=40, blank=True, db_default="", editable=False)
    terms_accepted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            )
        ]
        permissions = [
            ("end_sessions", "Can sign a user out of all browsers"),
            ("lock_user", "Can keep a user out"),
            ("remove_second_factor", "Can remove a user's second factor"),
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Every path that makes a user (sign-up, admin, createsuperuser) ends here.
        self.email = self.email.lower()
        if not self.account_id:
            self.account = Account.objects.create()
        super().save(*args, **kwargs)


class Guarded(models.Model):
    """The limits of a token, or of one that is asked for; null means no limit."""

    max_cents_per_day = models.PositiveIntegerField(null=True, blank=True)
    max_cents_per_call = models.PositiveIntegerField(null=True, blank=True)
    destinations = models.JSONField(null=True, blank=True)
    caller_ids = models.JSONField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def guards(self) -> Guards:
        return Guards.from_columns(self)


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def live(self) -> "AccessTokenQuerySet":
        """Return the tokens that the server accepts at this moment."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, revoked_at=None)

    def for_user(self, user: User) -> "AccessTokenQuerySet":
        return self.filter(user=user)


class AccessToken(Guarded):
    """A personal access token or the token of a device. Only a digest of the secret is stored."""

    class Kind(models.TextChoices):
        PERSONAL = "pat", "Personal access token"
        DEVICE = "dev", "Device"

    public_id = models.CharField(max_length=32, unique=True, default=new_token_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    kind = models.CharField(max_length=3, choices=Kind)
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=40, blank=True)

    # A rotation makes a new row with a new secret. Limits per day count the whole line.
    line = models.CharField(max_length=32, editable=False, db_index=True)
    rotated_from = models.OneToOneField(
        "self", null=True, editable=False, on_delete=models.SET_NULL, related_name="successor"
    )
    rotated_at = models.DateTimeField(null=True, editable=False)
    reuse_noticed_at = models.DateTimeField(null=True, editable=False)

    # The place where the token was made, and where it was last seen.
    client = models.CharField(max_length=60, blank=True, editable=False)
    device_name = models.CharField(max_length=100, blank=True, editable=False)
    created_ip = models.GenericIPAddressField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, editable=False)
    last_used_agent = models.CharField(max_length=200, blank=True, editable=False)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="access_token_of_user"),
            models.Index(fields=["expires_at"], name="access_token_expires"),
            models.Index(fields=["last_four", "-id"], name="access_token_last_four"),
        ]
        permissions = [("revoke_accesstoken", "Can revoke tokens")]

    def __str__(self) -> str:
        return f"{self.name} (…{self.last_four})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.line = self.line or self.public_id
        super().save(*args, **kwargs)

    @property
    def is_live(self) -> bool:
        unexpired = self.expires_at is None or self.expires_at > timezone.now()
        return unexpired and self.revoked_at is None


class DeviceLogin(Guarded):
    """One grant of RFC 8628. `accounts/oauth/device_login.py` has its states, and changes them."""

    class State(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        DENIED = "denied"
        CONSUMED = "consumed"

    device_code_digest = models.CharField(max_length=64, unique=True, editable=False)
    user_code_digest = models.CharField(max_length=64, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    client_id = models.CharField(max_length=60)
    scopes = models.JSONField(default=list)
    device_name = models.CharField(max_length=100, blank=True)
    token_name = models.CharField(max_length=100, blank=True)
    expires_in_days = models.PositiveSmallIntegerField(null=True)
    ip = models.GenericIPAddressField(null=True)
    # The address that limits count: that of IPv4, the /64 of IPv6.
    network = models.GenericIPAddressField(null=True, editable=False)
    country = models.CharField(max_length=2, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    interval_seconds = models.PositiveSmallIntegerField()
    last_polled_at = models.DateTimeField(null=True)
    # The user who entered the code; no other user can approve it then.
    user = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="device_logins"
    )
    decided_at = models.DateTimeField(null=True)
    decided_ip = models.GenericIPAddressField(null=True)
    token = models.OneToOneField(
        AccessToken, null=True, on_delete=models.SET_NULL, related_name="device_login"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_code_digest"],
                condition=Q(state="pending"),
                name="device_login_user_code_is_unique",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "consumed"]) | Q(user__isnull=False),
                name="device_login_approved_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="device_login_expires")]

    def __str__(self) -> str:
        return f"{self.device_name or self.client_id} ({self.state})"


class AppendOnlyError(Exception):
    """An attempt to change or delete a row that is written once."""


class AppendOnlyQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **fields: Any) -> NoReturn:
        raise AppendOnlyError("audit events are written once")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("audit events are written once")


class AuditEvent(models.Model):
    """An event of an account. It is never changed or deleted, and has no secret in it."""

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Null for events before any user is known, such as codes guessed in bulk.
    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="audit_events"
    )
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="audit_events")
    action = models.CharField(max_length=60)
    via = models.CharField(max_length=10)
    token_public_id = models.CharField(max_length=32, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="audit_event_of_account"),
            models.Index(fields=["request_id"], name="audit_event_request"),
            models.Index(fields=["user", "created_at"], name="audit_event_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.created_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnlyError("audit events are written once")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("audit events are written once")


class PendingAct(models.Model):
    """An act of staff that waits for a second person, with its form as it was filled in."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        CONFIRMED = "confirmed", "confirmed"
        REFUSED = "refused", "refused"

    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    # What the second person reads.
    words = models.CharField(max_length=300)
    # The page of the admin, its action, the row, and the fields of the action's form.
    page = models.CharField(max_length=60)
    action = models.CharField(max_length=60)
    row = models.BigIntegerField()
    fields = models.JSONField(default=dict)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "act to confirm"
        verbose_name_plural = "acts to confirm"
        permissions = [("confirm_pendingact", "Can confirm an act of a colleague")]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(state="refused") | ~Q(decided_by=F("asked_by")),
                name="pending_act_is_confirmed_by_another",
            )
        ]

    def __str__(self) -> str:
        return self.words


class OutboxMail(models.Model):
    """A mail to be sent by `manage.py send_notices`. Its unique key names its cause."""

    key = models.CharField(max_length=120, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mails")
    template = models.CharField(max_length=80)
    context = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    # Not before this instant; moved on by each attempt, so that two processes never send at once.
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at=None), name="outbox_mail_due")
        ]
        permissions = [("resend_outboxmail", "Can send a mail again")]

    def __str__(self) -> str:
        return self.key


class IdempotencyKey(models.Model):
    """The first answer to a POST that carried an Idempotency-Key, kept for 24 hours."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=timezone.now)
    # Null while the first request runs; 5xx or 429, without a body, where it may run again.
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "path", "key"], name="idempotency_key_unique"
            )
        ]
        indexes = [models.Index(fields=["started_at"], name="idempotency_key_started")]

    def __str__(self) -> str:
        return f"{self.path} {self.key}"
