from dataclasses import asdict

from moby.cli.command import Command
from moby.diagnosis import examine
from moby.exit_codes import ExitCode
from moby.text import clean

_HANG = 23  # where the details begin
_STYLES = {"ok": "green", "note": "yellow", "problem": "red"}


class DoctorCommand(Command):
    name = "doctor"
    description = "Look for what is wrong; the output is safe to paste"

    def handle(self) -> int:
        findings = examine(self.session)
        wrong = [finding for finding in findings if finding.state == "problem"]
        if self.console.json:
            self.console.document({"ok": not wrong, "findings": [asdict(f) for f in findings]})
        else:
            for finding in findings:
                state = self.console.style(f"{finding.state:<7}", _STYLES[finding.state])
                line = f"{state}  {finding.subject:<12}  {clean(finding.detail)}"
                self.console.write(line, hang=_HANG)
        return ExitCode.FAILURE if wrong else ExitCode.DONE
