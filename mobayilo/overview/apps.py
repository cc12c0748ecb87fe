from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "mobayilo.overview"
    label = "overview"

    def ready(self) -> None:
        from mobayilo import checks  # noqa: F401 - registers them
