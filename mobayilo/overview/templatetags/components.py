"""The parts that pages are built of: `{% load components %}`."""

from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from mobayilo.overview.navigation import MAIN, SETTINGS, Link, links

register = template.Library()

# What a state looks like: the tone of its badge and its word. Calls, top-ups and caller IDs share
# their states' names, and no name means two things.
STATES: dict[str, tuple[str, Any]] = {
    "queued": ("waiting", _("Queued")),
    "dialing": ("waiting", _("Dialing")),
    "ringing": ("waiting", _("Ringing")),
    "answered": ("good", _("In call")),
    "completed": ("good", _("Completed")),
    "busy": ("warn", _("Busy")),
    "no_answer": ("warn", _("No answer")),
    "failed": ("bad", _("Failed")),
    "canceled": ("quiet", _("Canceled")),
    "pending": ("waiting", _("Pending")),
    "paid": ("good", _("Paid")),
    "expired": ("quiet", _("Expired")),
    "refunded": ("quiet", _("Refunded")),
    "partly_refunded": ("quiet", _("Partly refunded")),
    "verified": ("good", _("Verified")),
    "none": ("warn", _("Not verified")),
    "revoked": ("quiet", _("Revoked")),
    "active": ("good", _("Active")),
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the vendored Lucide sprite. It is decoration: the words beside it say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("lucide/icons.svg"),
        name,
    )


@register.inclusion_tag("components/badge.html")
def state_badge(state: str) -> dict[str, Any]:
    """The badge of a state of a call, a top-up, a caller ID or a token."""
    tone, label = STATES.get(state, ("quiet", words(state)))
    return {"tone": tone, "label": label}


@register.inclusion_tag("components/badge.html")
def badge(label: str, tone: str = "quiet") -> dict[str, Any]:
    """A badge with words of its own. Tones: good, warn, bad, waiting, quiet."""
    return {"tone": tone, "label": label}


@register.inclusion_tag("components/terminal.html")
def terminal(command: str) -> dict[str, str]:
    """A command to type, with a button that copies it."""
    return {"command": command}


@register.inclusion_tag("components/secret.html")
def secret_line(secret: str) -> dict[str, str]:
    """Something to keep that is no command, such as a new token: a terminal line, no prompt."""
    return {"secret": secret}


@register.filter
def words(name: str) -> str:
    """A dotted or snake_case name as words: `device_login.approved` → `Device login approved`."""
    return name.replace(".", " ").replace("_", " ").capitalize()


@register.inclusion_tag("components/field.html")
def field(bound_field: BoundField) -> dict[str, Any]:
    """One field of a form: label, help, errors, input."""
    return {"field": bound_field}


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> dict[str, list[Link]]:
    """The links of the frame, in two groups."""
    request = context.get("request")
    return {"main": links(MAIN, request), "settings": links(SETTINGS, request)}
