"""The product's settings for servers that tests start: all of them, with quick password hashes."""

from mobayilo.settings import *  # noqa: F403 - all of them

# Hashes that are slow on purpose are most of a sign-up.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
