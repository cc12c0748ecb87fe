"""The part of Prometheus that the alerts use: scrapes, and the value of an expression over them.

https://prometheus.io/docs/prometheus/latest/querying/operators/
"""

import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import promql_parser as promql
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

ALERTS = Path(__file__).parents[2] / "deploy" / "alerts.yml"
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}
DAY_SECONDS = 86_400
STALE_SECONDS = 300  # an instant value is looked for so far back
Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "*": operator.mul, "-": operator.sub, "/": lambda a, b: a / b if b else math.nan,
}  # fmt: skip
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "==": operator.eq,
}  # fmt: skip


@cache
def _rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def rules() -> dict[str, str]:
    """Return the expression of each alert by its name."""
    return {name: rule["expr"] for name, rule in _rules().items()}


def holds_seconds(alert: str) -> int:
    """Return for how long the condition of an alert has to hold before it fires."""
    text = _rules()[alert].get("for", "0s")
    return int(text[:-1]) * UNIT_SECONDS[text[-1]]


@dataclass
class Prometheus:
    """Samples by series, the instant of the last scrape in seconds, and since when alerts hold."""

    series: dict[Labels, list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    now: float = 0.0
    since: dict[str, float] = field(default_factory=dict)

    def scrape(self, url: str, token: str, *, after_seconds: float = 60) -> None:
        """Read the metrics of a server, so many seconds after the last scrape."""
        self.now += after_seconds
        instance = urlsplit(url).netloc
        try:
            headers = {"Authorization": f"Bearer {token}"}
            answer = requests.get(f"{url}/metrics", headers=headers, timeout=10)
            answer.raise_for_status()
        except requests.RequestException:
            self._add("up", {}, 0, instance)
            return
        self._add("up", {}, 1, instance)
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                self._add(sample.name, sample.labels, sample.value, instance)

    def _add(self, name: str, labels: dict[str, str], value: float, instance: str) -> None:
        named = {**labels, "__name__": name, "job": "mobayilo", "instance": instance}
        self.series[frozenset(named.items())].append((self.now, value))

    def firing(self) -> set[str]:
        """Return the alerts whose expression holds now; how long it has to hold is left out."""
        return {name for name, text in rules().items() if self.value(promql.parse(text))}

    def repeat_a_day_ago(self) -> None:
        """Let the day before have had the same, as on a site that goes on."""
        for samples in self.series.values():
            at, value = samples[-1]
            if at == self.now:
                samples.append((at - DAY_SECONDS, value))

    def lasting(self) -> set[str]:
        """Return the alerts that held at each look, of which this is one, for as long as they must.

        An alert may hold for one process and then for another; Prometheus counts them apart.
        """
        self.since = {name: self.since.get(name, self.now) for name in self.firing()}
        return {name for name, at in self.since.items() if self.now - at >= holds_seconds(name)}

    def value(self, node: Any) -> Any:  # noqa: ANN401 - a node of the parser's, which has no types
        """Return a vector, or the number of a literal."""
        return getattr(self, f"_{type(node).__name__}")(node)

    def _NumberLiteral(self, node: Any) -> float:  # noqa: ANN401, N802 - named as the node
        return float(node.val)

    def _ParenExpr(self, node: Any) -> Any:  # noqa: ANN401, N802 - named as the node
        return self.value(node.expr)

    def _VectorSelector(self, node: Any) -> Vector:  # noqa: ANN401, N802 - named as the node
        until = self.now - (node.offset or timedelta()).total_seconds()
        found = self._samples(node, since=until - STALE_SECONDS, until=until)
        return {labels: samples[-1][1] for labels, samples in found.items()}

    def _samples(
        self,
        node: Any,  # noqa: ANN401 - a node of the parser's
        *,
        since: float,
        until: float,
    ) -> dict[Labels, list[tuple[float, float]]]:
        found = {}
        for labels, samples in self.series.items():
            named = dict(labels)
            if named["__name__"] != node.name:
                continue
            matched = all(_matches(m, named.get(m.name, "")) for m in node.matchers.matchers)
            here = [sample for sample in samples if since <= sample[0] <= until]
            if matched and here:
                found[labels] = here
        return found

    def _Call(self, node: Any) -> Vector:  # noqa: ANN401, N802 - named as the node
        calls: dict[str, Callable[..., Vector]] = {
            "rate": self._rate, "absent": self._absent, "histogram_quantile": self._quantile,
        }  # fmt: skip
        return calls[node.func.name](*node.args)

    def _rate(self, node: Any) -> Vector:  # noqa: ANN401 - a node of the parser's
        since = self.now - node.range.total_seconds()
        found = self._samples(node.vector_selector, since=since, until=self.now)
        rates = {}
        for labels, samples in found.items():
            (begin, first), (end, last) = samples[0], samples[-1]
            if end > begin:
                rates[_without(labels, ["__name__"])] = (last - first) / (end - begin)
        return rates

    def _absent(self, node: Any) -> Vector:  # noqa: ANN401 - a node of the parser's
        return {} if self.value(node) else {frozenset(): 1.0}

    def _quantile(self, share: Any, node: Any) -> Vector:  # noqa: ANN401 - nodes of the parser's
        by_rest: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
        for labels, count in self.value(node).items():
            by_rest[_without(labels, ["le"])].append((float(dict(labels)["le"]), count))
        return {
            rest: _quantile_of(sorted(buckets), share.val)
            for rest, buckets in by_rest.items()
            if max(count for _, count in buckets)
        }

    def _AggregateExpr(self, node: Any) -> Vector:  # noqa: ANN401, N802 - named as the node
        if str(node.op) != "sum":
            raise NotImplementedError(str(node.op))
        sums: Vector = defaultdict(float)
        for labels, number in self.value(node.expr).items():
            sums[_grouped(labels, node.modifier)] += number
        return dict(sums)

    def _BinaryExpr(self, node: Any) -> Any:  # noqa: ANN401, N802 - named as the node
        left, right, sign = self.value(node.lhs), self.value(node.rhs), str(node.op).strip()
        if isinstance(left, float) and isinstance(right, float):
            return ARITHMETIC[sign](left, right)
        ignored = ["__name__", *_ignored(node.modifier)]
        if sign in ("and", "or", "unless"):
            return _joined(left, right, sign, ignored)
        pairs = _pairs(left, right, ignored)
        if sign in COMPARISONS:
            return {labels: a for labels, a, b in pairs if COMPARISONS[sign](a, b)}
        return {_without(labels, ignored): ARITHMETIC[sign](a, b) for labels, a, b in pairs}


def _matches(matcher: Any, value: str) -> bool:  # noqa: ANN401 - a matcher of the parser's
    kinds = promql.MatchOp
    if matcher.op in (kinds.Equal, kinds.NotEqual):
        return (value == matcher.value) is (matcher.op == kinds.Equal)
    return bool(re.fullmatch(matcher.value, value)) is (matcher.op == kinds.Re)


def _without(labels: Labels, names: Iterable[str]) -> Labels:
    left_out = set(names)
    return frozenset(pair for pair in labels if pair[0] not in left_out)


def _grouped(labels: Labels, modifier: Any) -> Labels:  # noqa: ANN401 - a modifier of the parser's
    if modifier is None:
        return frozenset()
    if modifier.type == promql.AggModifierType.Without:
        return _without(labels, ["__name__", *modifier.labels])
    return frozenset(pair for pair in labels if pair[0] in modifier.labels)


def _ignored(modifier: Any) -> list[str]:  # noqa: ANN401 - a modifier of the parser's
    return list(modifier.matching.labels) if modifier and modifier.matching else []


def _pairs(left: Any, right: Any, ignored: list[str]) -> list[tuple[Labels, float, float]]:  # noqa: ANN401 - vectors or numbers
    """Return the labels of a side with its number and that of the other side."""
    if isinstance(right, float):
        return [(labels, number, right) for labels, number in left.items()]
    if isinstance(left, float):
        return [(labels, left, number) for labels, number in right.items()]
    others = {_without(labels, ignored): number for labels, number in right.items()}
    keys = {labels: _without(labels, ignored) for labels in left}
    return [(labels, left[labels], others[key]) for labels, key in keys.items() if key in others]


def _joined(left: Vector, right: Vector, sign: str, ignored: list[str]) -> Vector:
    keys = {_without(labels, ignored) for labels in right}
    if sign == "or":
        here = {_without(labels, ignored) for labels in left}
        return left | {one: n for one, n in right.items() if _without(one, ignored) not in here}
    return {
        one: n for one, n in left.items() if (_without(one, ignored) in keys) is (sign == "and")
    }


def _quantile_of(buckets: list[tuple[float, float]], share: float) -> float:
    """Return the quantile by the straight line within its bucket, as Prometheus does."""
    rank = share * buckets[-1][1]
    below, count_below = 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            if math.isinf(bound):
                return below
            return below + (bound - below) * (rank - count_below) / (count - count_below)
        below, count_below = bound, count
    return below
