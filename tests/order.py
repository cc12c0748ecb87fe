"""The order of the tests, and those that stay in one process.

A file stays in one process, and so do the files that share an expensive server. The longest begin,
so that no process waits for the last one. ORDER_SEED=1 mixes everything instead: files, and
the tests within each.
"""

import os
import random
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SEED = os.environ.get("ORDER_SEED")
# Each of these groups has one server for all its files.
SHARED = {
    "tests/journeys/test_agent.py": "agents",
    "tests/journeys/test_kills.py": "agents",
    "tests/journeys/test_docs_commands.py": "journeys",
    "tests/journeys/test_main_job.py": "journeys",
    "tests/journeys/test_older_callers.py": "journeys",
    "tests/web/test_walk.py": "journeys",
    "tests/production/test_deploy.py": "cluster",
    "tests/production/test_many_machines.py": "cluster",
    "tests/production/test_outages.py": "cluster",
    "tests/production/test_server_logs.py": "cluster",
}
LONGEST = (
    "journeys",
    "cluster",
    "tests/telephony/calls/test_courses.py",
    "tests/web/test_browser.py",
    "tests/journeys/test_install.py",
    "agents",
    "tests/journeys/test_computer_calls.py",
    "tests/web/test_support_look.py",
    "tests/production/test_api_schema.py",
    "tests/production/test_fuzz.py",
    "tests/telephony/test_crashes.py",
    "tests/telephony/test_browser_crashes.py",
    "tests/web/test_customer_walks.py",
    "tests/billing/test_properties.py",
    "tests/web/test_support_walk.py",
)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a process whole groups. (loadgroup of xdist 3.8 finds no groups with pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:  # noqa: ANN401 - xdist's
    return GroupScheduling(config, log)


def group_of(nodeid: str) -> str:
    path = nodeid.partition("::")[0]
    return SHARED.get(path, path)


def place_of(group: str) -> int:
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


def pytest_report_header() -> str:
    return f"order: mixed, as ORDER_SEED={SEED} repeats it" if SEED else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if SEED:
        random.Random(int(SEED)).shuffle(items)
    # Sorting keeps the order within a group, and a mixed list begins with its first group.
    groups = list(dict.fromkeys(group_of(item.nodeid) for item in items))
    if not SEED:
        groups.sort(key=place_of)
    place = {group: number for number, group in enumerate(groups)}
    items.sort(key=lambda item: place[group_of(item.nodeid)])
