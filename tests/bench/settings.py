"""The product's settings, with reference endpoints beside it in the same process."""

from mobayilo.settings import *  # noqa: F403 - the point is to change nothing else
from mobayilo.settings import INSTALLED_APPS as PRODUCT_APPS
from mobayilo.settings import STORAGES as PRODUCT_STORAGES

INSTALLED_APPS = [*PRODUCT_APPS, "knox"]
ROOT_URLCONF = "tests.bench.reference.urls"
# The hashed names of production need `collectstatic`.
STORAGES = {
    **PRODUCT_STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
