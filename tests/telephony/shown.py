"""Rules about shown numbers, and carriers that refuse to show one."""

from pathlib import Path
from typing import Any

from telephony.phones.shown import COLUMNS
from tests.telephony.callers import DESTINATION, Person
from tests.telephony.printing import printed
from tests.telephony.reconciling import reconcile_now
from tests.telephony.sandbox import Sandbox

OPERATOR = "+12025550100"
SOURCE = "https://www.twilio.com/docs,2026-11-30"
ALWAYS = f"*,*,always,,{SOURCE}"
REGISTERED = f"*,*,registered,,{SOURCE}"


def rules_text(*rows: str) -> str:
    return "\n".join([",".join(COLUMNS), *rows, ""])


def load_rules(folder: Path, *rows: str) -> str:
    path = folder / "rules.csv"
    path.write_text(rules_text(*rows))
    return printed("import_shown_numbers", str(path), "--reason=measured")


def quoted(caller: Person, **order: Any) -> tuple[str, str | None, bool]:
    quote = caller.post("quote", to=DESTINATION, **order).json()
    return quote["shown_number"], quote["fallback_number"], quote["registration_helps"]


def refuse(sandbox: Sandbox, *refusals: dict[str, Any], **refused_dial: bool) -> None:
    sandbox.post("twilio", refused_callers=list(refusals), refused_dial=refused_dial)


def play(caller: Person, sandbox: Sandbox, **order: Any) -> dict[str, Any]:
    """Return a call that is settled. What no event reports is asked for as after an outage."""
    call_id = caller.call(**order).json()["call_id"]
    sandbox.wait_until_idle()
    reconcile_now()
    return caller.final(call_id)


def dialled(sandbox: Sandbox) -> list[str]:
    """Return the numbers that were shown to the destination; legs that failed are left out."""
    legs = sandbox.get("calls", number=DESTINATION)["calls"]
    return [leg["from"] for leg in legs if leg["status"] != "failed"]
