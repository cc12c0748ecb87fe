"""Rules about whose number is shown, in versions, and the promise of a quote."""

from pathlib import Path

import pytest

from accounts.models import Account
from telephony.models import ShownNumberRules
from telephony.phones.shown import read_rules
from tests.accounts.browser import sign_in
from tests.billing.admin_actions import decide, question, second
from tests.people import staff
from tests.telephony.admin_actions import act
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person
from tests.telephony.printing import printed
from tests.telephony.shown import ALWAYS, OPERATOR, SOURCE, load_rules, quoted, rules_text

pytestmark = [pytest.mark.db, pytest.mark.django_db]
OURS_IN_GB = "+442079460099"


@pytest.mark.parametrize(
    ("own", "called", "rule"),
    [("TR", "TR", "never"), ("MY", "MY", "never"), ("TR", "GB", "always"), ("GB", "GB", "always")],
)
def test_shipped_rules_know_the_closed_countries(own: str, called: str, rule: str) -> None:
    shipped = read_rules(printed("import_shown_numbers"))
    assert shipped.own_number(own, called) == rule
    assert all(row.source.startswith("https://") for row in shipped.rows.values())


@pytest.mark.parametrize(
    ("rows", "promise"),
    [
        ([ALWAYS], (OWN_PHONE, OPERATOR, False)),
        ([ALWAYS, f"GB,GB,never,,{SOURCE}"], (OPERATOR, None, False)),
        ([ALWAYS, f"GB,*,registered,,{SOURCE}"], (OPERATOR, None, True)),
        ([ALWAYS, f"GB,*,never,,{SOURCE}", f"*,GB,registered,,{SOURCE}"], (OPERATOR, None, False)),
        ([ALWAYS, f"*,GB,,{OURS_IN_GB},{SOURCE}"], (OWN_PHONE, OURS_IN_GB, False)),
        ([ALWAYS, f"*,GB,never,{OURS_IN_GB},{SOURCE}"], (OURS_IN_GB, None, False)),
        ([ALWAYS, f"*,DE,never,{OURS_IN_GB},{SOURCE}"], (OWN_PHONE, OPERATOR, False)),
    ],
)
def test_most_specific_rule_decides(
    local_caller: Person, tmp_path: Path, rows: list[str], promise: tuple[str, str | None, bool]
) -> None:
    load_rules(tmp_path, *rows)
    assert quoted(local_caller) == promise


@pytest.mark.parametrize(
    ("row", "reason"),
    [("GB,GB,never", "cannot show"), ("GB,GB,registered", "only once it is registered")],
)
def test_only_my_number_is_refused_before_it_rings(
    local_caller: Person, tmp_path: Path, row: str, reason: str
) -> None:
    load_rules(tmp_path, ALWAYS, f"{row},,{SOURCE}")
    for ask in ("quote", "calls"):
        answer = local_caller.post(ask, to=DESTINATION, only_my_number=True)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "own_number_not_shown")
        assert reason in answer.json()["error"]["message"]
    Account.objects.update(only_my_number=True)
    assert local_caller.post("quote", to=DESTINATION).status_code == 403
    assert quoted(local_caller, only_my_number=False)[0] == OPERATOR


def test_numbers_of_ours_cannot_be_called(local_caller: Person, tmp_path: Path) -> None:
    load_rules(tmp_path, ALWAYS, f"*,GB,,{DESTINATION},{SOURCE}")
    refused = local_caller.post("quote", to=DESTINATION).json()["error"]
    assert refused["code"] == "destination_blocked"
    checked = local_caller.post("numbers/check", number=DESTINATION).json()
    assert (checked["callable"], checked["reason"]) == (False, "destination_blocked")
    requested = local_caller.post("caller-ids", number=DESTINATION).json()["error"]
    assert requested["code"] == "destination_blocked"


def test_number_that_changed_since_the_quote_is_refused(
    local_caller: Person, tmp_path: Path
) -> None:
    seen, *_ = quoted(local_caller)
    load_rules(tmp_path, ALWAYS, f"*,GB,never,,{SOURCE}")
    answer = local_caller.call(expected_shown_number=seen).json()["error"]
    assert (answer["code"], answer["details"]) == (
        "shown_number_changed",
        {"shown_number": OPERATOR},
    )


def test_operator_sets_and_withdraws_rules_in_the_admin(local_caller: Person) -> None:
    operator = staff("operator")
    path = "/admin/telephony/shownnumberrules/add/"
    sent = {"text": rules_text(f"*,*,registered,,{SOURCE}"), "reason": "the live call of today"}
    assert sign_in(staff("support")).post(path, sent).status_code == 403
    assert sign_in(operator).post(path, {**sent, "text": "nonsense"}).status_code == 200
    assert sign_in(operator).post(path, sent).status_code == 302
    assert not ShownNumberRules.objects.exists()
    other = second("operator")
    assert "~ * to *: always → registered" in question(other).replace("&gt;", ">")
    assert "Done" in decide(other)
    version = ShownNumberRules.objects.get()
    assert (version.stored_by, version.row_count) == (other, 1)
    assert quoted(local_caller) == (OPERATOR, None, True)
    assert "1 withdrawn" in act(operator, "withdraw", version)
    assert quoted(local_caller)[0] == OWN_PHONE
