"""`python -m dev.house`: measures of the code's structure and prose, to see where it drifts.

Counted without migrations: a helper used once is a private function whose name occurs twice in its
file; a crossing is an import of our own code; an odd word is one that readers have to decode;
a module with tests of its name is one whose functions have ten statements or more.
"""

import ast
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "billing", "telephony", "mobayilo")
QUESTIONS = re.compile(r"(What|Who|Whoever|Which|How|Where|Whatever)\b")
ODD_WORDS = re.compile(
    r"\b(told|tells|anew|whoever|nobody|somebody|for good|of them)\b", re.IGNORECASE
)
MOBY = Path("cli_client/src/moby")
BEHAVIOUR_STATEMENTS = 10
FunctionNode = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    """A file of ours, by the name under which it is imported."""

    name: str
    path: Path

    @property
    def top(self) -> str:
        return self.name.split(".")[0]

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self) -> Iterator[str]:
        """Yield every name that is imported, in functions and for types too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def docstrings(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Module, ast.ClassDef, *FunctionNode)):
                yield from filter(None, [ast.get_docstring(node)])

    def functions(self) -> list[str]:
        return [node.name for node in ast.walk(self.tree) if isinstance(node, FunctionNode)]


def modules() -> dict[str, Module]:
    """Return every tracked Python file by its name, migrations left out."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = {}
    for line in listed.stdout.split():
        path = Path(line)
        if (ROOT / path).exists() and "migrations" not in path.parts:
            parts = path.with_suffix("").parts
            inner = parts[2:] if parts[:2] == ("cli_client", "src") else parts
            name = ".".join(inner).removesuffix(".__init__")
            found[name] = Module(name, path)
    return found


def imports_of_ours(ours: dict[str, Module]) -> dict[str, set[str]]:
    """Return for each module of ours the modules of ours that it imports."""
    edges: dict[str, set[str]] = defaultdict(set)
    for module in ours.values():
        for name in module.imports():
            there = name if name in ours else name.rpartition(".")[0]
            if there in ours and there != module.name:
                edges[module.name].add(there)
    return edges


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return modules that import each other, directly or through others, a list for each circle."""
    reached = {name: _reached_from(name, edges) for name in edges}
    found = {frozenset(n for n in reached[name] if name in reached.get(n, ())) for name in edges}
    return sorted(sorted(circle) for circle in found if circle)


def _reached_from(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in edges.get(waiting.pop(), set()) - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def fullest_folder(ours: dict[str, Module]) -> tuple[str, int]:
    """Return the folder with the most files; `__init__.py`, tests and dev/ are left out."""
    product = [m.path for m in ours.values() if m.top not in ("tests", "dev")]
    files = Counter(str(path.parent) for path in product if path.name != "__init__.py")
    folder, count = files.most_common(1)[0]
    return folder, count


def modules_that_import_tests(ours: dict[str, Module]) -> list[str]:
    """Return the test modules that import another test module."""
    found = []
    for module in ours.values():
        if module.top == "tests" and module.path.name.startswith("test_"):
            there = [part for name in module.imports() for part in name.split(".")[:-1]]
            found += [module.name] * any(part.startswith("test_") for part in there)
    return found


def has_behaviour(module: Module) -> bool:
    """Return whether functions of the module have ten statements or more, docstrings left out."""
    functions = [node for node in ast.walk(module.tree) if isinstance(node, FunctionNode)]
    bodies = [f.body[1:] if ast.get_docstring(f) else f.body for f in functions]
    statements = [s for body in bodies for part in body for s in ast.walk(part)]
    return sum(isinstance(s, ast.stmt) for s in statements) >= BEHAVIOUR_STATEMENTS


def tests_of(module: Module) -> Path:
    """Return the file of the module's tests: in the same room, under the same name."""
    inner = module.path.relative_to(MOBY) if module.top == "moby" else module.path
    rooms = [part for part in inner.parts[:-1] if part != "management"]
    app = ["cli"] if module.top == "moby" else []
    return Path("tests", *app, *rooms, f"test_{inner.name}")


def share_of_helpers_used_once(some: list[Module]) -> float:
    functions = once = 0
    for module in some:
        names = module.functions()
        functions += len(names)
        private = [n for n in names if n.startswith("_") and not n.startswith("__")]
        once += sum(len(re.findall(rf"\b{name}\b", module.text)) == 2 for name in private)
    return once / max(functions, 1)


def lines_between_crossings(some: list[Module], edges: dict[str, set[str]]) -> float:
    lines = sum(len(module.text.splitlines()) for module in some)
    return lines / max(sum(len(edges[module.name]) for module in some), 1)


def main() -> None:
    ours = modules()
    edges = imports_of_ours(ours)
    code = [module for module in ours.values() if module.top != "tests"]
    tests = [module for module in ours.values() if module.top == "tests"]
    apps = [module for module in code if module.top in APPS]
    moby = [module for module in code if module.top == "moby"]
    docs = [text for module in code for text in module.docstrings()]
    odd = sum(len(ODD_WORDS.findall(text)) for text in docs)
    folder, count = fullest_folder(ours)
    source_lines = sum(len(module.text.splitlines()) for module in apps + moby)
    test_lines = sum(len(module.text.splitlines()) for module in tests)
    behaving = [m for m in apps + moby if m.path.name != "__init__.py" and has_behaviour(m)]
    tested = sum((ROOT / tests_of(module)).exists() for module in behaving)
    for name, value, aim in (
        ("helpers used once, apps", f"{share_of_helpers_used_once(apps):.0%}", "8 %"),
        ("helpers used once, moby", f"{share_of_helpers_used_once(moby):.0%}", "14 %"),
        ("lines between crossings, apps", f"{lines_between_crossings(apps, edges):.0f}", "40"),
        ("lines between crossings, moby", f"{lines_between_crossings(moby, edges):.0f}", "40"),
        (f"files in the fullest folder, {folder}", count, "20"),
        ("docstrings that begin with a question", sum(map(bool, map(QUESTIONS.match, docs))), "0"),
        ("odd words in 100 docstrings", f"{100 * odd / len(docs):.1f}", "2"),
        ("tests that import a test", len(modules_that_import_tests(ours)), "0"),
        ("modules with tests of their name", f"{tested}/{len(behaving)}", "all"),
        ("circles of imports", len(circles(edges)), "0"),
        ("lines of tests to lines of apps and moby", f"{test_lines / source_lines:.2f}", "1"),
    ):
        print(f"{name:55} {value!s:>6}   aim {aim}")


if __name__ == "__main__":
    main()
