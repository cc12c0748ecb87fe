from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "mobayilo.overview"
    label = "overview"
