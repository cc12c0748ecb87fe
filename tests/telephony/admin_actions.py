"""Actions of the admin, as staff send them."""

from django.db import models

from accounts.models import User
from tests.accounts.browser import sign_in
from tests.billing.admin_actions import decide, second


def act(user: User, action: str, row: models.Model) -> str:
    """Fill in the page of an action. Return the page that follows."""
    sent = {
        "action": action,
        "_selected_action": row.pk,
        "with_reason": "yes",
        "reason": "ticket 42",
    }
    answer = sign_in(user).post(f"/admin/telephony/{row._meta.model_name}/", sent, follow=True)
    return answer.content.decode()


def open_for(user: User, destination: str, account: str = "") -> int:
    sent = {"account_id": account, "destination": destination, "reason": "ticket 42"}
    return sign_in(user).post("/admin/telephony/openeddestination/add/", sent).status_code


def open_for_everyone(user: User, destination: str) -> str:
    """Open a destination, and confirm it as a second person. Return the page that follows."""
    assert open_for(user, destination) == 302
    return decide(second("operator"))
