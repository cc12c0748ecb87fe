"""Actions of the admin, as staff send them."""

from django.contrib.auth.models import Group
from django.db import models

from accounts.models import PendingAct, User
from tests.accounts.browser import sign_in
from tests.people import person


def act(user: User, action: str, row: models.Model, **fields: str) -> str:
    """Fill in the page of an action. Return the page that follows."""
    sent = {
        "action": action,
        "_selected_action": row.pk,
        "with_reason": "yes",
        "key": "one",
        **fields,
    }
    address = f"/admin/billing/{row._meta.model_name}/"
    answer = sign_in(user).post(address, {"reason": "ticket 4711", **sent}, follow=True)
    return answer.content.decode()


def decide(user: User, action: str = "confirm") -> str:
    """Confirm or refuse the newest act on its page. Return the page that follows."""
    waiting = PendingAct.objects.latest("id")
    sent = {"action": action, "_selected_action": waiting.pk, "with_reason": "yes"}
    answer = sign_in(user).post(
        "/admin/accounts/pendingact/", {**sent, "reason": "looked at it"}, follow=True
    )
    return answer.content.decode()


def second(group: str) -> User:
    """Another member of a group, or another superuser."""
    is_superuser = group == "superuser"
    user = person(f"second.{group}@example.com", is_staff=True, is_superuser=is_superuser)
    user.groups.set(Group.objects.filter(name=group))
    return user


def question(user: User) -> str:
    """Return the page on which the newest act is confirmed."""
    sent = {"action": "confirm", "_selected_action": PendingAct.objects.latest("id").pk}
    return sign_in(user).post("/admin/accounts/pendingact/", sent).content.decode()
