"""Actions of the admin, as staff send them."""

from django.db import models

from accounts.models import User
from tests.accounts.browser import sign_in


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
