"""The catalogue of host features: reads features.yml and the user's own file, and renders a feature's query.

`python -m analyzer.features` prints the catalogue as a Markdown page: that is docs/features.md.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import promql_parser
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analyzer.data import Feature
from analyzer.errors import SettingsError

CATALOGUE = Path(__file__).with_name("features.yml")
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
_PLACEHOLDERS = {"selector", "window"}
_PROBE = ("instance", "a host of no name")


class _Door(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Meaning(_Door):
    """What it is called; a file of the user's may speak one language only."""

    en: str = ""
    ko: str = ""

    @model_validator(mode="after")
    def _said(self) -> _Meaning:
        if not (self.en or self.ko):
            raise ValueError("needs text for 'en' or 'ko'")
        return self


class _Entry(_Door):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    unit: str
    group: str
    promql: str
    meaning: _Meaning
    worse: Literal["high", "low", "both"] = "high"
    limit: float | None = None
    saturates_at: float | None = None
    minimum_effect: float = Field(0.0, ge=0)
    needs: str = ""
    countdown: bool = False
    follows: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _counts_down_to_something(self) -> _Entry:
        if self.countdown and (self.unit != "seconds" or self.worse != "low" or self.limit is None):
            raise ValueError("a countdown is in seconds, worse when low, and has a limit")
        return self

    def feature(self, definitions: Mapping[str, str]) -> Feature:
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        fields["promql"] = _expand(self.promql, definitions)
        fields["meaning"] = {"en": self.meaning.en or self.meaning.ko, "ko": self.meaning.ko or self.meaning.en}
        return Feature(**fields)


class _File(_Door):
    """`without` names features of the catalogue that the user's file leaves out or replaces."""

    definitions: dict[str, str] = {}
    without: tuple[str, ...] = ()
    features: tuple[_Entry, ...] = ()


def load_features(path: Path | None = None) -> tuple[Feature, ...]:
    """The catalogue, then the features of the user's file. SettingsError lists everything that is wrong at once."""
    shipped = _read(CATALOGUE)
    own = _read(path) if path else _File()
    definitions = shipped.definitions | own.definitions
    kept = [entry.feature(shipped.definitions) for entry in shipped.features if entry.name not in own.without]
    features = (*kept, *(entry.feature(definitions) for entry in own.features))
    if problems := [*_unknown(own.without, shipped), *_problems(features)]:
        raise SettingsError([f"{path or CATALOGUE}: {problem}" for problem in problems])
    return features


def query(feature: Feature, selector: str, window_seconds: float) -> str:
    """The feature's PromQL for the hosts that `selector` (label matchers, may be empty) picks."""
    window = f"{round(window_seconds * 1000)}ms" if window_seconds % 1 else f"{round(window_seconds)}s"
    return feature.promql.replace("$selector", selector).replace("$window", window)


def matcher(label: str, value: str) -> str:
    """A label matcher for exactly `value`, whatever characters it holds."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{label}="{quoted}"'


def any_matcher(label: str, values: Iterable[str]) -> str:
    """A label matcher for exactly one of these, whatever characters they hold."""
    literal = ("".join(f"\\{c}" if c in r"\.+*?()|[]{}^$" else c for c in value) for value in values)
    return matcher(label, "|".join(literal)).replace("=", "=~", 1)


def rate_window_seconds(scrape_interval_seconds: float, step_seconds: float) -> float:
    """How far rates look back: four scrapes, so that a lost one leaves no gap, and never less than a step.

    The same for the newest steps and for history of the same step, so that what was learned is comparable.
    """
    return max(4 * scrape_interval_seconds, step_seconds + scrape_interval_seconds)


def metric_names(features: Sequence[Feature]) -> frozenset[str]:
    """Every metric that the features' queries read."""
    return frozenset().union(*(metrics_of(query(feature, "", 60)) for feature in features))


def metrics_of(promql: str) -> frozenset[str]:
    """Every metric that a query reads; ValueError when it is no PromQL."""
    return frozenset(name for name, _ in _selectors(promql))


def _read(path: Path) -> _File:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([f"can't read the features file {path}: {error.strerror}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path} is no valid YAML: {error}"]) from None
    try:
        return _File.model_validate(tree or {})
    except ValidationError as error:
        raise SettingsError([f"{path}: {_told(dict(problem), tree)}" for problem in error.errors()]) from None


def _told(problem: Mapping[str, Any], tree: Any) -> str:
    """One wrong key in words: where (by the feature's name when it has one) and what."""
    location = list(problem["loc"])
    if location[:1] == ["features"] and len(location) > 1:
        entry = tree["features"][location[1]]
        name = (
            entry.get("name", f"number {location[1] + 1}") if isinstance(entry, dict) else f"number {location[1] + 1}"
        )
        location[:2] = [f"feature {name}"]
    where = ": ".join(map(str, location)) or "the file"
    if problem["type"] == "extra_forbidden":
        level = _File if len(location) == 1 else _Meaning if "meaning" in location else _Entry
        near = difflib.get_close_matches(str(location[-1]), list(level.model_fields), n=1)
        return f"{where}: unknown key" + (f", did you mean '{near[0]}'?" if near else "")
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}"


def _expand(promql: str, definitions: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: definitions.get(found[1], found[0]), promql)


def _unknown(names: Sequence[str], shipped: _File) -> Iterator[str]:
    known = [entry.name for entry in shipped.features]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            yield f"without: the catalogue has no '{name}'" + (f", did you mean '{near[0]}'?" if near else "")


def _problems(features: Sequence[Feature]) -> Iterator[str]:
    seen: set[str] = set()
    for feature in features:
        if feature.name in seen:
            yield f"feature {feature.name}: the name is taken; put it under 'without' to replace the catalogue's"
        seen.add(feature.name)
        for problem in _query_problems(feature):
            yield f"feature {feature.name}: promql: {problem}"
        if feature.name in feature.follows:
            yield f"feature {feature.name}: follows: it can't follow itself"


def _query_problems(feature: Feature) -> Iterator[str]:
    """It must parse with and without host matchers, and every selector in it must take them."""
    if unknown := sorted(set(_VARIABLE.findall(feature.promql)) - _PLACEHOLDERS):
        yield "unknown " + ", ".join(f"${name}" for name in unknown)
        return
    try:
        promql_parser.parse(query(feature, "", 60))
        free = [name for name, matchers in _selectors(query(feature, matcher(*_PROBE), 60)) if _PROBE not in matchers]
    except ValueError as error:
        yield f"{error} (in {feature.promql})"
        return
    if free:
        yield f"$selector is missing in the braces of {', '.join(free)}"


def _selectors(promql: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """(metric, [(label, value)]) of every vector selector in the query."""
    found: list[tuple[str, list[tuple[str, str]]]] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            matchers = [(m.name, m.value) for m in node.matchers.matchers]
            found.append((node.name or dict(matchers).get("__name__", ""), matchers))

    promql_parser.walk(promql_parser.parse(promql), visit)
    return found


def manual(features: Sequence[Feature]) -> str:
    """The catalogue as a Markdown page."""
    lines = [_INTRODUCTION.format(count=len(features))]
    for group in dict.fromkeys(feature.group for feature in features):
        lines.append(f"\n## {group}\n")
        for feature in (f for f in features if f.group == group):
            lines += [f"### {feature.name}\n", f"{feature.meaning['en']} · {feature.meaning['ko']}\n", _facts(feature)]
            lines += ["", "```promql", feature.promql, "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _facts(feature: Feature) -> str:
    worse = {"high": "more is worse", "low": "less is worse", "both": "either way may be bad"}[feature.worse]
    facts = [f"unit: {feature.unit}" if feature.unit else "", worse]
    if feature.limit is not None:
        facts.append(f"exhausted at {feature.limit:g}")
    if feature.saturates_at is not None:
        facts.append(f"hurts from {feature.saturates_at:g}")
    if feature.countdown:
        facts.append("falls by one a second, so that its forecast is exact")
    if feature.follows:
        facts.append(f"follows {', '.join(feature.follows)}")
    facts += [
        f"changes below {feature.minimum_effect:g} don't matter",
        f"needs {feature.needs}" if feature.needs else "",
    ]
    return "; ".join(fact for fact in facts if fact) + "."


_INTRODUCTION = """# Features

<!-- Printed by `python -m analyzer.features` from analyzer/features.yml: change it there. -->

The {count} quantities of a host that are learned, scored, forecast, explained and plotted. Each is one PromQL query
that gives one series for each `instance`, over node_exporter's metrics: this project's exporter and node_exporter
itself serve alike. `$selector` stands for the label matchers that pick hosts (`prometheus.selector`), `$window` for
the range of rates. What a host does not have stays a gap and is neither learned nor scored; *needs* says what it takes.

## Your own features

Put them in a YAML file of the same form and name it as `features.file`: they are treated like the rest.

```yaml
features:
  - name: backup_age_seconds
    unit: seconds                    # ratio, bytes, bytes/s, seconds, celsius, count or count/s
    group: backup
    promql: max by (instance) (time() - backup_last_success_timestamp_seconds{{$selector}})
    meaning: {{en: time since the last good backup, ko: 마지막 백업 성공 후 지난 시간}}
    worse: high                      # or low, or both
    saturates_at: 172800             # from where it hurts; leave out where nothing does
    limit: 604800                    # where it is exhausted; leave out where there is no limit
    minimum_effect: 3600             # the smallest change that a person would care about
    countdown: false                 # true for the seconds left until a known moment: they are forecast exactly
    follows: [disk_writes_per_second] # features that it moves with; where one of them moved nearly as much, that one is
                                     # named first as the cause
without: [raid_disks_failed]         # features of the catalogue to leave out
```

Its series must carry the same `instance` as the host's other metrics, and every selector needs `$selector` as the last
thing in its braces. `definitions:` holds pieces that several queries share: `name: text`, used as `$name`.

## While Prometheus is away

The same queries are computed on direct scrapes of the exporters (`scrape.targets`), from the newest hour that is kept
in memory. That takes the part of PromQL that the catalogue is written in:

- selectors with matchers and `offset`;
- the operators `+ - * / % ^ atan2`, `== != > < >= <=` with `bool`, `and or unless`, with `on`, `ignoring`, `group_left`
  and `group_right`;
- `avg count group max min stddev stdvar sum`, with `by` or `without`;
- over ranges `avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time max_over_time
  min_over_time present_over_time rate resets stddev_over_time sum_over_time`, extrapolated as Prometheus 3 does;
- `abs ceil clamp clamp_max clamp_min exp floor ln log10 log2 round scalar sgn sqrt time timestamp vector`.

A feature that needs more is reported as a failure that names it, and is back when Prometheus is. A host keeps its name
when the target's HOST:PORT is also its `instance` in Prometheus."""


if __name__ == "__main__":
    sys.stdout.write(manual(load_features(Path(sys.argv[1]) if len(sys.argv) > 1 else None)))
