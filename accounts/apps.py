from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Models, and modules that use them, can be imported only now.
        from accounts.sign_in import events  # noqa: F401 - connects receivers
        from accounts.staff import groups

        post_migrate.connect(groups.sync, dispatch_uid="accounts.staff.groups")


class StaffAdminConfig(AdminConfig):
    default_site = "accounts.staff.site.StaffSite"
