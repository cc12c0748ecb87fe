"""Management commands, with what they print."""

from io import StringIO

from django.core.management import call_command


def printed(command: str, *arguments: str) -> str:
    text = StringIO()
    call_command(command, *arguments, stdout=text, stderr=text)
    return text.getvalue()
