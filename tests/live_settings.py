"""The product's settings for servers that tests start, with quick password hashes."""

from mobayilo.settings import *  # noqa: F403 - every setting

# Hashes that are slow on purpose are most of a sign-up.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
