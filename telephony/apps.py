from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "telephony"

    def ready(self) -> None:
        # Models can be imported only now.
        from telephony import checks  # noqa: F401 - registers them
