"""Make an empty database ready in one process: tables, static files, the sample deck, two people.

Run as `python -m dev.prepare` with the settings of the stack. The people of `make run` are made
only if their passwords are in the environment.
"""

import os

import django
from django.core.management import call_command

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402 - Django has to be set up first
from django.contrib.auth.models import Group  # noqa: E402 - Django has to be set up first

from accounts.models import User  # noqa: E402 - Django has to be set up first
from dev.stack import CUSTOMER, SUPPORT  # noqa: E402 - Django has to be set up first

SAMPLE_DECK = "telephony/decks/sample.csv"


def confirmed(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_people(customer_password: str, support_password: str) -> None:
    confirmed(User.objects.create_user(CUSTOMER, customer_password))
    support = confirmed(User.objects.create_superuser(SUPPORT, support_password))
    support.groups.set(Group.objects.all())


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("build_client", verbosity=0)
    call_command("import_rates", SAMPLE_DECK)
    if "CUSTOMER_PASSWORD" in os.environ:
        make_people(os.environ["CUSTOMER_PASSWORD"], os.environ["SUPPORT_PASSWORD"])
