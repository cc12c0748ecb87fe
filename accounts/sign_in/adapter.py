"""Where allauth leads after a change of password, and how its mails go out."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest
from django.urls import reverse

from accounts.mail.outbox import send_at_once
from accounts.models import User

# What a mail says besides its links. Links are made when it is sent and never stored.
FACTS = ("ip", "user_agent", "from_email", "to_email", "deleted_email")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's defaults, the question of what becomes of the tokens, and mails by our outbox."""

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:tokens-review")

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        with_user = {**(context or {}), "user": user}
        super().send_notification_mail(template_prefix, user, with_user, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the outbox, where support sees it; what is for nobody we know, by allauth."""
        user = context.get("user") or _owner(email)
        if user is None:
            super().send_mail(template_prefix, email, context)
            return
        facts = {name: context[name] for name in FACTS if name in context}
        send_at_once(user, template=template_prefix, context={**facts, "email": email})


def _owner(email: str) -> User | None:
    address = EmailAddress.objects.filter(email__iexact=email).select_related("user").first()
    return address.user if address else None
