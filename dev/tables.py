"""Write the tables of the documentation, and deploy/mobayilo.env, from the code: `make tables`."""

import re
import runpy
from itertools import groupby

import django
from django.conf import settings

from dev import api_reference
from dev.stack import ROOT
from mobayilo.lib.environment import Environment, Variable
from mobayilo.lib.errors import ERRORS
from mobayilo.lib.ratelimits import LIMITS


def error_rows() -> str:
    rows = "".join(
        f"| `{code}` | {kind.status} | {kind.exit_code} | {hints.api} | {hints.terminal or '—'} |\n"
        for code, kind in sorted(ERRORS.items())
        for hints in [kind.hints]
    )
    return rows.replace("{support}", "support")


def limit_rows() -> str:
    return "".join(
        f"| `{name}` | {limit.rate} | {limit.per} | {limit.counted} |"
        f" {limit.when_redis_is_down if limit.counted == 'together' else 'the same'} |\n"
        for name, limit in sorted(LIMITS.items())
    )


def variables() -> list[Variable]:
    """Return the variables that the settings and the web server's configuration read."""
    server: Environment = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))["env"]
    return settings.VARIABLES + server.variables


def variable_rows(*, policy: bool) -> str:
    """Return the rows of docs/operations.md, of policy or of all other variables."""
    return "".join(one.as_row() for one in variables() if (one.section == "Policy") == policy)


def environment_file() -> str:
    """Return deploy/mobayilo.env: every variable with its description, by section."""
    text = (
        "# Every setting of Mobayilo. Copy to /etc/mobayilo/mobayilo.env, owner root, group\n"
        "# mobayilo, mode 0640. A line that begins with # and a name shows the default. Each NAME\n"
        "# may be given as NAME_FILE: the path of a file with the value. Cents are of US dollars.\n"
    )
    for section, members in groupby(variables(), key=lambda one: one.section):
        text += f"\n{f'# --- {section} ':-<100}\n\n"
        text += "\n".join(one.as_lines() for one in members)
    return text


def replace_rows(page: str, heading: str, rows: str) -> None:
    """Put rows below the table heading of a page, in place of those that stand there."""
    path = ROOT / "docs" / page
    below = re.compile(rf"({re.escape(heading)}\n\|[-|]+\n)((?:\|.*\n)*)")
    path.write_text(below.sub(lambda found: found[1] + rows, path.read_text()))


if __name__ == "__main__":
    replace_rows(
        "errors.md",
        "| code | HTTP | exit | what to do | what `moby` says instead |",
        error_rows(),
    )
    replace_rows("operations.md", "| limit | rate | per | counted | without Redis |", limit_rows())
    django.setup()
    replace_rows("operations.md", "| variable | default | meaning |", variable_rows(policy=False))
    replace_rows("operations.md", "| policy | default | meaning |", variable_rows(policy=True))
    (ROOT / "deploy" / "mobayilo.env").write_text(environment_file())
    api_reference.PAGE.write_text(api_reference.page())
