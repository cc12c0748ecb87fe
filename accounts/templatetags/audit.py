"""The audit log in words: `{% load audit %}`."""

from django import template

from accounts import audit
from accounts.models import AuditEvent

register = template.Library()


@register.filter
def in_words(event: AuditEvent) -> str:
    return audit.in_words(event)
