"""A public site whose way to get moby cannot work, each with its remedy."""

import re
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from mobayilo.client.wheel import offered

ON_A_DISK = re.compile(r"""(?:^|[\s'"=])(?:\.{0,2}/|~|file:|[A-Za-z]:\\)""")
BARE_NAME = re.compile(r"""\b(?:install|upgrade|run)\b.*\s['"]?moby['"]?(?=[\s=<>~!\[]|$)""")


@register
def check_install_command_works_elsewhere(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a command that works on this machine alone, or installs a stranger's package."""
    command = settings.MOBY_INSTALL_COMMAND
    if BARE_NAME.search(command):
        problem = "MOBY_INSTALL_COMMAND installs a stranger's package: on PyPI, moby is not ours."
    elif ON_A_DISK.search(command) and not settings.IS_LOCAL:
        problem = "MOBY_INSTALL_COMMAND names a path on a disk, which customers do not have."
    else:
        return []
    hint = "Remove it: by default it is the installer of this site."
    return [Error(problem, hint=hint, id="client.E001")]


@register(deploy=True)
def check_wheel_is_built(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse to go public with an installer that finds nothing to install."""
    if offered() or "/client/" not in settings.MOBY_INSTALL_COMMAND:
        return []
    hint = "Run manage.py build_client."
    return [Error("There is no moby under /client/.", hint=hint, id="client.E002")]
