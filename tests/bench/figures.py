"""The figures that a run has measured so far."""

from dataclasses import dataclass, field


@dataclass
class Figures:
    """Figures by name, printed as they come."""

    values: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, value: float, note: str = "") -> None:
        self.values[name] = round(value, 4)
        print(f"  {name:<32} {value:>12,.3f}  {note}", flush=True)

    def missing(self, name: str, what: str) -> None:
        print(f"  {name:<32} {'-':>12}  {what} is not installed", flush=True)
