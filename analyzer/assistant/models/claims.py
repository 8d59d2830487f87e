"""Claims that need no number: judgements, denials and directions. Each must stand in a fact that is cited."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.assistant.models.binding import Quantity
from analyzer.assistant.understanding.vocabulary import METRICS

# A family of words that pass a judgement: allowed only where a cited fact passes it too.
JUDGEMENTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:fine|healthy|normal(?:ly)?|ok(?:ay)?|stable|good|safe)\b|정상|안정|양호|건강|안전|괜찮",
        r"\bno (?:problem|issue|error|anomal|cause for)|nothing (?:is )?(?:wrong|abnormal)|(?:이상|문제)(?:이|가)? ?없",
        r"\bcritical|severe|serious|심각|치명",
        r"\bwarning|주의|경고",
        r"\burgent|immediate|emergency|danger|긴급|시급|위험|즉시",
        r"\bfail|crash|broken|outage|\bdown\b(?! (?:from|to)\b)|\bdead\b|실패|장애|다운|죽",
        r"\battack|hack|breach|compromis|malware|intru|공격|해킹|침해|악성",
        r"\b(?:caus|due to|because|result|reason)|때문|원인|유발|탓",
        r"\bunusual|abnormal|anomal|strang|평소와 ?(?:는 )?다|비정상|이상(?! ?(?:유지|지속|사용))",
        r"\blearning|학습",
        r"\b(?:least|fewest|smallest)\b(?<!at least)|(?:가장|제일) 적",
    )
)
NOT = re.compile(
    r"\b(?:not|never|no longer|cannot|without|neither|nor|no|none)\b|n[’']t\b|않|없|아니|아닙|못(?![가-힣]*의)",
    re.IGNORECASE,
)
# Denials in form only: "only 6% is left" in Korean, "not only".
NO_DENIAL = re.compile(
    r"밖에[가-힣 ]{0,8}(?:않|없|못)|\bnot (?:only|just)\b|\bno (?:more|less|fewer) than\b|뿐(?:만)? 아니라",
    re.IGNORECASE,
)
UNCHANGED = re.compile(
    r"\bno (?:significant |real |notable )?change|변화[가는도]? ?(?:거의 )?없|차이[가는도]? ?(?:거의 )?없",
    re.IGNORECASE,
)
ALIKE = re.compile(r"about the same|similar|unchanged|비슷|변화 ?없", re.IGNORECASE)
UP = re.compile(
    r"\b(?:ris|rose|increas|grew|grow|climb|jump|higher|up from|spik|surg|doubl|tripl|above)"
    r"|증가|상승|늘어|늘었|늘고|올라|올랐|오르|급증|높아|높습|높은|높게|높으|치솟|뛰었",
    re.IGNORECASE,
)
DOWN = re.compile(
    r"\b(?:fall|fell|decreas|drop|lower|declin|shr[aiu]nk|reduc|halv|down (?:from|to)|below)"
    r"|감소|하락|줄어|줄었|줄고|내려|내렸|급감|낮아|낮습|낮은|낮게|떨어",
    re.IGNORECASE,
)
WAYS = (("up", UP), ("down", DOWN))
COMPARING = re.compile(r"\b(?:higher|lower|above|below)\b|높아|높습|높은|높게|높으|낮아|낮습|낮은|낮게", re.IGNORECASE)
EXTREME = re.compile(r"(?:가장|제일) (?:높|낮)은|\bhighest\b|\blowest\b", re.IGNORECASE)


def wrong_judgement(text: str, said: str) -> str:
    for pattern in JUDGEMENTS:
        match = pattern.search(text)
        if match and not pattern.search(said):
            return f"it judges “{match[0]}”, which no cited fact does"
    return ""


def wrong_denial(text: str, said: str) -> str:
    """What the facts say must not be denied by one small word, nor anything else that they don't deny."""
    bare = NO_DENIAL.sub(" ", text)
    if ALIKE.search(said):
        bare = UNCHANGED.sub(" ", bare)
    match = NOT.search(bare)
    return f"it denies (“{match[0]}”) what no cited fact denies" if match and not NOT.search(said) else ""


def wrong_direction(text: str, said: str, told: Sequence[Quantity], allowed: Sequence[Quantity]) -> str:
    """Nothing may rise that falls by the facts' figures, nor the reverse; without figures the facts must say so.

    `told` are the text's own quantities, `allowed` those of the facts.
    """
    bare, ways = EXTREME.sub(lambda match: " " * len(match[0]), text), _ways(allowed)
    for way, pattern in WAYS:
        for match in pattern.finditer(bare):
            known = _of(ways, _metric_before(text, match.start()))
            if COMPARING.fullmatch(match[0]) and way not in known:
                known = _compared(told)
            if way not in known and (known or not pattern.search(said)):
                return f"it says “{match[0]}”, which no cited fact does"
    return ""


def _compared(told: Sequence[Quantity]) -> set[str]:
    """Which way the text's own first figure lies from its second of the same kind, as in "93% is higher than 25%"."""
    if len(told) < 2 or told[0].number.kind != told[1].number.kind:  # noqa: PLR2004 a pair
        return set()
    return {"up"} if told[0].number.value > told[1].number.value else {"down"}


def _ways(allowed: Sequence[Quantity]) -> set[tuple[str, frozenset[str]]]:
    """Which metrics went up and which down by the facts: what is now beside what was before or is usual."""
    ways = set()
    for now in allowed:
        if now.role not in {"", "now"}:
            continue
        of = [
            q for q in allowed if q.number.kind == now.number.kind and q.metrics == now.metrics and q.hosts == now.hosts
        ]
        for role in ("before", "usual"):
            levels = [q.number.value for q in of if q.role.startswith(role) and q.subjects == now.subjects]
            if levels and now.number.value > max(levels):
                ways.add(("up", now.metrics))
            if levels and now.number.value < min(levels):
                ways.add(("down", now.metrics))
    return ways


def _of(ways: set[tuple[str, frozenset[str]]], metrics: frozenset[str]) -> set[str]:
    """The ways of these metrics; of all where the text names none or the facts tell nothing of them."""
    own = {way for way, of in ways if of & metrics}
    return own or ({way for way, _ in ways} if not metrics else {way for way, of in ways if not of})


def _metric_before(text: str, place: int) -> frozenset[str]:
    before = [(m.start(), name) for name, pattern in METRICS.items() for m in pattern.finditer(text[:place])]
    nearest = max((start for start, _ in before), default=-1)
    return frozenset(name for start, name in before if nearest - start <= 12)  # noqa: PLR2004 "CPU load": both
