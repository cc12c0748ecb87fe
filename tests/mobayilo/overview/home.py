"""The page that a customer comes home to."""

from django.test import Client

from accounts.models import User


def home(client: Client, user: User) -> str:
    client.force_login(user)
    return client.get("/home").content.decode()
