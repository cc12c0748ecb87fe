"""Imports between apps and rooms, those in functions and for types included."""

import pytest

from dev.house import (
    circles,
    fullest_folder,
    imports_of_ours,
    modules,
    modules_that_import_tests,
)

OURS = modules()
RANK = {"mobayilo.lib": 0, "accounts": 1, "billing": 2, "telephony": 3, "mobayilo": 4}
ALONE = {"sandbox", "moby"}
# In each app a room, which is a folder or a file, imports only from rooms before it.
LADDERS = {
    "accounts": (
        "guards secrets models access audit terms mail middleware tokens"
        " api forms oauth management staff sign_in templatetags views admin apps urls"
    ),
    "billing": (
        "models checks serializers notices apps ledger payments live_checks api forms management"
        " admin views urls"
    ),
    "telephony": (
        "numbers pricing models twilio rates checks rules apps phones calls live_checks forms"
        " management answers serializers admin api views webhooks urls"
    ),
    "mobayilo.client": "wheel api checks apps management views urls",
    "mobayilo.overview": (
        "api apps charts context models navigation price_list home failures periodic live_checks"
        " support templatetags admin management middleware views urls"
    ),
    "moby": (
        "command_names installation errors text bounded faults network context console store api"
        " calls agent sign_in help cli commands generate __main__"
    ),
}
GATEWAYS = {"billing.payments.gateway", "telephony.twilio.gateway"}


@pytest.fixture(scope="module")
def edges() -> dict[str, set[str]]:
    return imports_of_ours(OURS)


def house(name: str) -> str:
    return "mobayilo.lib" if name.startswith("mobayilo.lib") else name.split(".")[0]


def is_allowed(here: str, there: str) -> bool:
    if there == here or there not in RANK.keys() | ALONE:
        return True
    return here in RANK and there in RANK and RANK[there] < RANK[here]


def test_imports_follow_the_direction_of_the_house(edges: dict[str, set[str]]) -> None:
    wrong = [
        f"{here} imports {there}"
        for here, imported in edges.items()
        for there in imported
        if house(here) in RANK.keys() | ALONE and not is_allowed(house(here), house(there))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("here", "there", "allowed"),
    [
        ("billing", "accounts", True),
        ("accounts", "billing", False),
        ("mobayilo.lib", "mobayilo", False),
        ("moby", "mobayilo.lib", False),
        ("sandbox", "billing", False),
        ("telephony", "sandbox", False),
    ],
)
def test_imports_are_judged_by_rank(here: str, there: str, allowed: bool) -> None:
    assert is_allowed(here, there) is allowed


@pytest.mark.parametrize("app", LADDERS)
def test_rooms_import_only_from_rooms_before_them(app: str, edges: dict[str, set[str]]) -> None:
    place = {room: number for number, room in enumerate(LADDERS[app].split())}

    def room(name: str) -> str:
        return name.removeprefix(f"{app}.").split(".")[0]

    inside = [name for name in OURS if name.startswith(f"{app}.")]
    assert {room(name) for name in inside} == place.keys()
    wrong = [
        f"{here} imports {there}"
        for here in inside
        for there in edges[here] & set(inside)
        if place[room(there)] > place[room(here)]
    ]
    assert wrong == []


def test_no_module_imports_itself_through_others(edges: dict[str, set[str]]) -> None:
    assert circles(edges) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def test_no_folder_has_more_files_than_one_glance_takes() -> None:
    _, count = fullest_folder(OURS)
    assert count <= 20


def test_helpers_of_tests_have_homes_of_their_own() -> None:
    assert modules_that_import_tests(OURS) == []


def test_providers_are_imported_by_the_gateways_only() -> None:
    strangers = [
        f"{module.name}: {imported}"
        for module in OURS.values()
        for imported in module.imports()
        if imported.split(".")[0] in {"twilio", "stripe"} and house(module.name) in RANK
        if module.name not in GATEWAYS
        and not (
            module.path.name == "webhooks.py" and imported.startswith("twilio.request_validator")
        )
    ]
    assert strangers == []
