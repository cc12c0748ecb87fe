"""Who you are: accounts pay, users sign in, tokens act for users."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from mobayilo.lib.ids import new_public_id


def new_account_id() -> str:
    return new_public_id("acct")


def new_token_id() -> str:
    return new_public_id("tok")


class Account(models.Model):
    """Who pays: wallet, caller IDs and calls belong to it. It may have several equal users."""

    public_id = models.CharField(max_length=32, unique=True, default=new_account_id, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_reason = models.CharField(max_length=200, blank=True)
    default_country = models.CharField(max_length=2, blank=True)

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None


class UserManager(BaseUserManager["User"]):
    """Makes users, each with an account of their own unless one is given."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Who signs in. The e-mail address is the name."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="users")
    email = models.EmailField(max_length=254, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Every path that makes a user (sign-up, admin, createsuperuser) ends here.
        self.email = self.email.lower()
        if not self.account_id:
            self.account = Account.objects.create()
        super().save(*args, **kwargs)


class AccessToken(models.Model):
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
    max_cents_per_day = models.PositiveIntegerField(null=True, blank=True)
    max_cents_per_call = models.PositiveIntegerField(null=True, blank=True)
    destinations = models.JSONField(null=True, blank=True)
    caller_ids = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=40, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} (…{self.last_four})"


class IdempotencyKey(models.Model):
    """The first answer to a POST that carried an Idempotency-Key, kept for 24 hours."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=timezone.now)
    # Null while the first request runs.
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
