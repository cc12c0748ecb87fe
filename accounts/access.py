"""Conditions for opening a page: sudo mode, a proven email address, and a form that was sent."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from accounts.models import User

V = TypeVar("V", bound=Callable[..., HttpResponseBase])


def fresh_sign_in_required(view: V) -> V:
    """Open the page only within 15 minutes of a proof of identity (sudo mode).

    Signing in, confirming the password, and any second factor count. Otherwise the browser is sent
    to confirm and comes back; a form that was being sent is sent then, so nothing is lost.
    """

    @wraps(view)
    @login_required
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_fresh_sign_in(request)
        return view(request, *args, **kwargs)

    return cast(V, wrapper)


def require_fresh_sign_in(request: HttpRequest) -> None:
    """Raise ReauthenticationRequired unless the user proved their identity lately."""
    if not signed_in_freshly(request):
        raise ReauthenticationRequired


def signed_in_freshly(request: HttpRequest) -> bool:
    """Return whether the user of this session proved their identity in the last 15 minutes."""
    if not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    newest = max((float(record["at"]) for record in records), default=0.0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def has_verified_email(user: User) -> bool:
    """Return whether the user proved an email address."""
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def form_target(page: str) -> Callable[[V], V]:
    """Return a decorator for a view that takes a form: a visit to it leads to the form's page."""

    def decorate(view: V) -> V:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "GET":
                return redirect(page)
            return view(request, *args, **kwargs)

        return cast(V, wrapper)

    return decorate


def signed_in_user(request: HttpRequest) -> User:
    """Return the user of a page behind `login_required`."""
    if not isinstance(request.user, User):
        raise TypeError("this page lacks login_required")
    return request.user
