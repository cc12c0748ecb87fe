"""Rules about shown numbers are withdrawn."""

from pathlib import Path

import pytest

from accounts.models import AuditEvent
from telephony.models import ShownNumberRules
from tests.telephony.callers import OWN_PHONE, Person
from tests.telephony.printing import printed
from tests.telephony.shown import OPERATOR, SOURCE, load_rules, quoted

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_version_is_stored_once_and_withdrawn(local_caller: Person, tmp_path: Path) -> None:
    assert "~ * to *" in load_rules(tmp_path, f"*,*,never,,{SOURCE}")
    assert "Nothing changes." in load_rules(tmp_path, f"*,*,never,,{SOURCE}")
    version = ShownNumberRules.objects.get()
    assert quoted(local_caller)[0] == OPERATOR
    for words in ("are withdrawn", "withdrawn already"):
        assert words in printed("withdraw_shown_numbers", str(version.pk), "--reason=a slip")
    assert quoted(local_caller)[0] == OWN_PHONE
    assert AuditEvent.objects.filter(action__startswith="shown_numbers.").count() == 2
