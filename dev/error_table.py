"""Writes docs/errors.md from the table in the code: `python -m dev.error_table`."""

from dev.stack import ROOT
from mobayilo.lib.errors import ERRORS

HEAD = """# Errors

Every refusal has a code that stays, so programs may rely on it. The API answers with

```json
{"error": {"code": "…", "message": "…", "hint": "…", "request_id": "…", "details": {}}}
```

and `moby --json` prints that object on stderr, with `retryable` in place of `details`. The exit code is what `moby` ends with.

| code | HTTP | exit | what to do |
|---|---|---|---|
"""

if __name__ == "__main__":
    rows = [
        f"| `{code}` | {kind.status} | {kind.exit_code} | {kind.hint} |\n"
        for code, kind in sorted(ERRORS.items())
    ]
    (ROOT / "docs" / "errors.md").write_text(HEAD + "".join(rows))
