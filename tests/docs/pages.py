"""The pages of the documentation, and the commands on each page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [*PAGES, *sorted(ROOT.glob("*.md")), ROOT / "cli_client/README.md"]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A command of a console block, and the output that the page shows for it."""

    command: str
    output: str


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(text: str, *languages: str) -> list[str]:
    return [body for language, body in _BLOCK.findall(text) if language in languages]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return _BLOCK.sub("", text)


def steps(text: str) -> list[Step]:
    """The commands of all console blocks of a page, in order."""
    found = []
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append(Step(command, output.strip("\n")))
    return found


def inline_code(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(text))


def moby_commands(text: str) -> Iterator[str]:
    """Return every command of moby on a page: in blocks and in running text."""
    text = text.replace(" \\\n", " ")
    typed = [step.command for step in steps(text)]
    typed += [line for block in blocks(text, "sh", "", "yaml") for line in block.splitlines()]
    typed += [line for line in prose(text).splitlines() if line.startswith("    ")]
    for line in [*typed, *inline_code(text)]:
        # Each command of a pipe or list; `VARIABLE=value moby …` and `$(moby …)` count as well.
        for part in re.split(r"\||&&|;|\$\(|\)", line.split("#")[0]):
            found = re.search(r"(?:^|[\s/=])moby (?P<rest>[a-z-].*)$", part.strip())
            if found:
                yield found["rest"].strip()
