"""People of the support team."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from tests.people import person


@pytest.fixture
def operator(db: None) -> User:
    user = person("sam@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    return user
