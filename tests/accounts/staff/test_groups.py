"""Rights of the staff: one table, and the rights in a database older than it."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.test import RequestFactory

from accounts.models import User
from accounts.staff.base import ReadOnlyAdmin
from accounts.staff.groups import FINANCE, GROUPS, OPERATOR, SUPPORT
from billing.models import Wallet
from tests.people import person, staff

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize("group", GROUPS)
def test_group_has_the_rights_of_its_line_and_no_other(group: str) -> None:
    given = staff(group).get_group_permissions()
    assert {right for right in given if ".view_" not in right} == set(GROUPS[group])
    assert "telephony.view_call" in given


def test_every_action_asks_for_a_right_of_the_table(rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.user = person("root@example.org", is_staff=True, is_superuser=True)
    pages = [page for page in admin.site._registry.values() if isinstance(page, ReadOnlyAdmin)]
    actions = [action for page in pages for action, *_ in page.get_actions(request).values()]
    asked = {vars(action)["right"] for action in actions if "right" in vars(action)}
    asked |= {page.add_right for page in pages if page.add_right}
    table = {*SUPPORT, *FINANCE, *OPERATOR, "billing.view_topup"}
    assert asked == table - {"billing.adjust_large_amounts"}


def test_rights_of_old_names_are_copied_to_users_and_groups_that_had_them() -> None:
    of_wallets = ContentType.objects.get_for_model(Wallet)
    old = Permission.objects.create(content_type=of_wallets, codename="finance_adjust", name="old")
    chief, auditors = person("chief@example.org"), Group.objects.create(name="auditors")
    chief.user_permissions.add(old)
    auditors.permissions.add(old)
    migration = import_module("accounts.migrations.0005_copy_rights_to_one_name")
    for _ in range(2):
        migration.copy_rights(apps, None)
    kept = {"finance_adjust", "adjust_wallet", "adjust_large_amounts"}
    assert set(auditors.permissions.values_list("codename", flat=True)) == kept
    assert User.objects.get(pk=chief.pk).has_perm("billing.adjust_large_amounts")
