"""Rules about shown numbers are imported as a whole, or not at all."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from telephony.models import ShownNumberRules
from tests.telephony.printing import printed
from tests.telephony.shown import ALWAYS, SOURCE, load_rules, rules_text

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([], r"\*,\* with own_number"),
        ([ALWAYS, ALWAYS], "twice"),
        ([ALWAYS, f"QQ,GB,never,,{SOURCE}"], "QQ is no country code"),
        ([ALWAYS, f"GB,GB,sometimes,,{SOURCE}"], "own_number has to be"),
        ([ALWAYS, f"GB,GB,,0207,{SOURCE}"], "0207 is no number"),
        ([ALWAYS, f"GB,GB,,,{SOURCE}"], "has to be given"),
        ([ALWAYS, "GB,GB,never,,,yesterday"], "source has to say.*checked_on has to be"),
    ],
)
def test_faulty_rules_are_refused_as_a_whole(tmp_path: Path, rows: list[str], fault: str) -> None:
    with pytest.raises(CommandError, match=fault):
        load_rules(tmp_path, *rows)
    assert not ShownNumberRules.objects.exists()


def test_dry_run_and_a_missing_reason_store_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(rules_text(f"*,*,never,,{SOURCE}"))
    assert "Dry run" in printed("import_shown_numbers", str(path), "--dry-run")
    with pytest.raises(CommandError, match="Give a reason"):
        call_command("import_shown_numbers", str(path))
    assert not ShownNumberRules.objects.exists()
