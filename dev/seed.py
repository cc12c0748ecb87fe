"""Makes the ready customer and the support user of `make run`. Passwords come from the environment.

Run as `python -m dev.seed` with the settings of the stack.
"""

import os

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402 - Django has to be set up first
from django.contrib.auth.models import Group  # noqa: E402 - as above

from accounts.models import User  # noqa: E402 - as above
from dev.seed_names import CUSTOMER, SUPPORT  # noqa: E402 - as above


def confirmed(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


if __name__ == "__main__":
    confirmed(User.objects.create_user(CUSTOMER, os.environ["CUSTOMER_PASSWORD"]))
    support = confirmed(User.objects.create_superuser(SUPPORT, os.environ["SUPPORT_PASSWORD"]))
    support.groups.set(Group.objects.all())
