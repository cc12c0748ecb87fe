"""Actions of the admin, as staff send them."""

from django.test import Client

from accounts.models import AccessToken, Account, OutboxMail, User

PAGES = ("account", "user", "accesstoken", "devicelogin", "auditevent", "outboxmail")


def act(
    browser: Client, page: str, action: str, *rows: Account | User | AccessToken | OutboxMail,
    reason: str = "ticket 4711", **more: str,
) -> str:  # fmt: skip
    """Choose an action in a list, then fill in its page. Return `done` or the page."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    asked = browser.post(f"/admin/accounts/{page}/", chosen)
    if asked.status_code != 200 or b"with_reason" not in asked.content:
        return f"refused: {asked.status_code}"
    answer = browser.post(
        f"/admin/accounts/{page}/", {**chosen, "with_reason": "yes", "reason": reason, **more}
    )
    return "done" if answer.status_code == 302 else answer.content.decode()
