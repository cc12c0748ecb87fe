from django.apps import AppConfig


class ClientConfig(AppConfig):
    name = "mobayilo.client"
    label = "client"

    def ready(self) -> None:
        from mobayilo.client import checks  # noqa: F401 - registers them
