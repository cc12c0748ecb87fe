"""The components of pages: `{% load components %}`."""

from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages import ERROR
from django.forms import BaseForm, BoundField
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mobayilo.lib.countries import country_names
from mobayilo.lib.errors import ProductError
from mobayilo.overview.navigation import MAIN, SETTINGS, links

register = template.Library()

# The tone and the label of the badge of a state. Calls, top-ups and caller IDs share the names of
# their states, and no name means two things.
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
    "on_its_way": ("waiting", _("On its way")),
    "paid": ("good", _("Paid")),
    "expired": ("quiet", _("Expired")),
    "refunded": ("quiet", _("Refunded")),
    "partly_refunded": ("quiet", _("Partly refunded")),
    "disputed": ("bad", _("Disputed")),
    "verified": ("good", _("Verified")),
    "none": ("warn", _("Not verified")),
    "revoked": ("quiet", _("Revoked")),
    "active": ("good", _("Active")),
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Show an icon of the vendored Lucide sprite: decoration beside words that say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("lucide/icons.svg"),
        name,
    )


@register.simple_tag
def support_link() -> SafeString:
    """Show the address of support as a link, or a link to the contact page where none is set."""
    if address := settings.SUPPORT_EMAIL:
        return format_html('<a href="mailto:{}">{}</a>', address, address)
    return format_html('<a href="{}">{}</a>', reverse("overview:contact"), _("support"))


@register.simple_tag
@cache  # of one country or none; a loop of the template takes as long as the rest of a page
def country_options(selected_iso: str = "") -> SafeString:
    """Show the options of a list of all countries, by name."""
    rows = (
        (iso, " selected" if iso == selected_iso else "", name)
        for iso, name in country_names().items()
    )
    return format_html_join("\n", '<option value="{}"{}>{}</option>', rows)


@register.inclusion_tag("components/badge.html")
def state_badge(state: str) -> dict[str, Any]:
    """Show the badge of a state of a call, a top-up, a caller ID or a token."""
    tone, label = STATES.get(state, ("quiet", words(state)))
    return {"tone": tone, "label": label}


@register.inclusion_tag("components/badge.html")
def badge(label: str, tone: str = "quiet") -> dict[str, Any]:
    """Show a badge with any label. Tones: good, warn, bad, waiting, quiet."""
    return {"tone": tone, "label": label}


@register.inclusion_tag("components/terminal.html")
def terminal(command: str) -> dict[str, str]:
    """Show a command to type, with a button that copies it."""
    return {"command": command}


@register.inclusion_tag("components/secret.html")
def secret_line(secret: str) -> dict[str, str]:
    """Show a secret, such as a new token, as a terminal line without a prompt."""
    return {"secret": secret}


@register.filter
def words(name: str) -> str:
    """Return a name as words: `device_login.approved` is `Device login approved`."""
    return name.replace(".", " ").replace("_", " ").capitalize()


@register.inclusion_tag("components/field.html", takes_context=True)
def field(context: template.Context, bound_field: BoundField) -> dict[str, Any]:
    """Show a field of a form: label, help, errors, input. The first error has the focus."""
    form = bound_field.form
    attributes: dict[str, str | bool] = {}
    if form.is_bound and form.errors:
        first = next((name for name in form.fields if name in form.errors), "")
        is_first = bound_field.name == first and not form.non_field_errors()
        attributes = {"autofocus": is_first}
    elif error_mark(context):
        attributes = {"autofocus": False}
    return {"field": bound_field, "control": bound_field.as_widget(attrs=attributes)}


@register.simple_tag(takes_context=True)
def error_mark(context: template.Context) -> str:
    """Return what the title of a page begins with whose form, or whose act, was refused."""
    shown: list[Any] = list(context.flatten().values())
    forms = [value for value in shown if isinstance(value, BaseForm)]
    is_refused = (
        any(form.is_bound and form.errors for form in forms)
        or any(isinstance(value, ProductError) for value in shown)
        or any(message.level >= ERROR for message in context.get("messages") or ())
    )
    return gettext("Error: ") if is_refused else ""


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> dict[str, Any]:
    """Return the links of the frame, in two groups; a phone's bar shows four, the rest is More."""
    request = context.get("request")
    main, settings = links(MAIN, request), links(SETTINGS, request)
    hidden = [*main[4:], *settings]
    return {"main": main, "settings": settings, "is_in_more": any(x.is_current for x in hidden)}
