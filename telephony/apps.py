from django.apps import AppConfig

from telephony import checks  # noqa: F401 - registers them


class TelephonyConfig(AppConfig):
    name = "telephony"
