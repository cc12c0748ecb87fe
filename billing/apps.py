from django.apps import AppConfig

from billing import checks  # noqa: F401 - registers them


class BillingConfig(AppConfig):
    name = "billing"
