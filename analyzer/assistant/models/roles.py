"""In which role a number stands: now, before, usual, highest, average, low and high end, limit, bound, whole, share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.assistant.models.quantities import Number

HEDGE = r"(?: ?(?:about|around|roughly|nearly|almost|only|just|some|approximately|an average of|약|겨우|불과))?\W*$"
BEFORE = re.compile(
    r"(?:\bbefore|\bfrom|\bpreviously|\bearlier|\bhad been(?: at)?|이전(?:의|에는?|엔)?|기존(?:의|에는?)?|직전(?:의)?)"
    + HEDGE,
    re.IGNORECASE,
)
BEFORE_AFTER = re.compile(r"^ ?(?:에서|→|였|이었|(?:before|earlier|previously)(?!\W*\d))", re.IGNORECASE)
NOW = re.compile(r"(?:\bnow|\bcurrently|\bto|→|현재|지금)(?: at| is)?" + HEDGE, re.IGNORECASE)
NOW_AFTER = re.compile(r"^\W{0,2}(?:로 |으로 |now|currently|at present)", re.IGNORECASE)
USUAL = re.compile(r"(?:\busual(?:ly)?|\bnormal(?:ly)?|\btypical(?:ly)?|평소(?![와과]))[^\d.]{0,18}$", re.IGNORECASE)
USUAL_AFTER = re.compile(r"^[^\d.]{0,6}\b(?:is|are|as) (?:usual|normal)", re.IGNORECASE)
SHARE = re.compile(
    r"(?:accounts? for|contribut\w*(?:,? (?:at|with|by))?|responsible for"
    r"|기여도[는가]?(?: 각각)?|(?:늘어난|추가된)[^\d]{0,20}의)\W*$",
    re.IGNORECASE,
)
SHARE_AFTER = re.compile(
    r"^ ?(?:of it\b|of the (?:added|additional|extra)\b|of the (?:finding|anomaly|deviation)|(?:를|을)? ?기여)",
    re.IGNORECASE,
)
HIGHEST = re.compile(
    r"(?:\bhighest|\bpeak(?:ed|s|ing)?|\bmax(?:imum)?|최고(?:치|값)?[는은]?|최대(?:치|값)?[는은]?)"
    r"(?: value)?(?: (?:at|of|was|is|to))?" + HEDGE,
    re.IGNORECASE,
)
LOWEST = re.compile(
    r"(?:\blowest|\bmin(?:imum)?|최저(?:치|값)?[는은]?|최소(?:치|값)?[는은]?)(?: value)?(?: (?:at|of|was|is|to))?"
    + HEDGE,
    re.IGNORECASE,
)
AVERAGE = re.compile(
    r"(?:\baverag(?:ed?|ing)|\bmean|평균(?! ?부하)[은이]?)(?: (?:at|of|was|is))?" + HEDGE, re.IGNORECASE
)
LIMIT = re.compile(r"(?:\blimit (?:is|of)|한도[는가]?)" + HEDGE, re.IGNORECASE)
BOUND = re.compile(r"\b(?:below|under|above|over|exceed(?:s|ed|ing)?|at (?:least|most))" + HEDGE, re.IGNORECASE)
BOUND_AFTER = re.compile(
    r"^ ?(?:이하|이상|미만|초과|를 (?:넘|밑)|을 (?:넘|밑)|or (?:less|more|below|above))", re.IGNORECASE
)
LOW = re.compile(r"(?:빠르면|이르면|at (?:the )?earliest|as (?:soon|early) as)" + HEDGE, re.IGNORECASE)
HIGH = re.compile(r"(?:늦으면|늦어도|길면|at (?:the )?latest|as late as)" + HEDGE, re.IGNORECASE)
WHOLE = re.compile(r"(?:\btotal(?: of)?|\bin all|\d of (?:its |the )?|전체(?: ?[가-힣]+)?|총)" + HEDGE, re.IGNORECASE)
WHOLE_AFTER = re.compile(r"^ (?:in all|in total|total)\b|^(?: [가-힣]{2,4})? ?(?:중(?!입|이)|가운데)", re.IGNORECASE)
BETWEEN = re.compile(r"(?:\bbetween|\bfrom|사이|범위[는가]?)" + HEDGE, re.IGNORECASE)
NEVER = re.compile(r"(?!)")
GOES_ON = re.compile(r"^\s*(?:to|~|-|–|and|와|과|및)\s*$")
SPANS = re.compile(r"^\s*(?:to|~|-|–)\s*$")
PER_CORE = re.compile(r"(?:for each|per) (?:CPU )?core|코어 ?당|코어별", re.IGNORECASE)


def roles_of(found: Sequence[Number], text: str) -> list[str]:
    """What each number is said of; "" where nothing says. The two ends of a range are its "low" and its "high"."""
    roles: list[str] = []
    end = 0
    for number in found:
        ahead, after = text[end : number.place], text[number.end :]
        role = _role(ahead, after)
        if roles and roles[-1] == "share" and GOES_ON.match(ahead):
            role = "share"
        elif roles and _spans(text[: found[len(roles) - 1].place], ahead, roles[-1], after):
            base = "usual " if roles[-1] == "usual" or USUAL_AFTER.match(after) else ""
            roles[-1], role = f"{base}low", f"{base}high"
        roles.append(role)
        end = number.end
    return roles


def _spans(before: str, between: str, role: str, after: str) -> bool:
    """Whether two numbers are the ends of one range: "10–30%", "between 1 and 2 days", but not "from 20% to 93%"."""
    if between.strip() == "에서":
        return not NOW_AFTER.match(after)
    if SPANS.match(between):
        return role in {"", "usual", "now"}
    return bool(GOES_ON.match(between)) and (role == "usual" or bool(BETWEEN.search(before)))


def _role(ahead: str, after: str) -> str:
    checks = (
        ("share", SHARE, SHARE_AFTER),
        ("usual", USUAL, USUAL_AFTER),
        ("limit", LIMIT, NEVER),
        ("bound", BOUND, BOUND_AFTER),
        ("low", LOW, NEVER),
        ("high", HIGH, NEVER),
        ("before", BEFORE, BEFORE_AFTER),
        ("now", NOW, NOW_AFTER),
        ("highest", HIGHEST, NEVER),
        ("lowest", LOWEST, NEVER),
        ("average", AVERAGE, NEVER),
        ("whole", WHOLE, WHOLE_AFTER),
    )
    return next((role for role, left, right in checks if left.search(ahead) or right.match(after)), "")
