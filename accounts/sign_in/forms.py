"""Forms of allauth where ours differ: addresses, sign-ups, passwords, keys and codes."""

from typing import Any

from allauth.account.forms import AddEmailForm, ChangePasswordForm, ResetPasswordKeyForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.models import EmailAddress
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.terms import accept_terms, must_accept

# RFC 5321 section 4.5.3.1.3, less the two angle brackets; as long as the column.
LONGEST_ADDRESS = 254


class SignUpForm(AllauthSignupForm):  # type: ignore[misc]  # allauth has no types
    """A sign-up that takes as long for a known address as for an unknown one."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        _limit_length(self.fields["email"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save a new user, or answer as if one had been saved for an address that is in use.

        While that address is not confirmed, two people may have signed up with it, and only one
        reads the mail. The password of the first is made void: the reader of the mail sets one.
        """
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])  # as much work as for a new user
            email = self.cleaned_data["email"]
            for unproven in EmailAddress.objects.filter(email=email, user__last_login=None):
                if not EmailAddress.objects.filter(user=unproven.user, verified=True).exists():
                    unproven.user.set_unusable_password()
                    unproven.user.save(update_fields=["password"])
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        if saved[0] is not None and must_accept(saved[0]):
            accept_terms(saved[0], request=request)
        return saved


class AddressForm(AddEmailForm):  # type: ignore[misc]  # allauth has no types
    """A new address of a user."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        _limit_length(self.fields["email"])


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """A new password of a user who is signed in."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")
        _label_new_password(self.fields)


class PasswordByLinkForm(ResetPasswordKeyForm):  # type: ignore[misc]  # allauth has no types
    """A new password of a user who follows the link of a mail."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        _label_new_password(self.fields)


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A passkey, or with the box empty a key that comes after the password."""

    name = forms.CharField(label=_("Name"), required=False, max_length=60)
    passwordless = forms.BooleanField(
        label=_("Sign in with this key alone"),
        required=False,
        initial=True,
        help_text=_(
            "It then asks for your fingerprint, face or PIN, and no password is needed. "
            "Otherwise it comes after the password, as any key without a PIN does."
        ),
    )


class SecondFactorForm(AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A code of the authenticator app, or a recovery code, which has the focus."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code of the app, or a recovery code")
        self.fields["code"].widget.attrs |= {"autofocus": True, "inputmode": "numeric"}


def _label_new_password(fields: dict[str, forms.Field]) -> None:
    fields["password1"].label = _("New password")
    fields["password2"].label = _("New password, once more")


def _limit_length(field: forms.Field) -> None:
    """Refuse an address that its column would cut, so that a mail goes to another mailbox."""
    field.widget.attrs["maxlength"] = str(LONGEST_ADDRESS)
    field.validators.append(MaxLengthValidator(LONGEST_ADDRESS))
