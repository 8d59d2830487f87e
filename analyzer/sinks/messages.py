"""An incident in words for a message: short for a chat, in full with queries for a mail; English, Korean or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from apprise import NotifyType

from analyzer.data import Feature, Finding, Incident, Language
from analyzer.wording import SEVERITIES, say_findings
from analyzer.wording.incidents import say_hosts, say_incident

Step = Literal["open", "worse", "over"]
MAIL = "notify:mail"
TOLD_IN_CHAT = 3
TITLES: Mapping[Step, Mapping[Language, str]] = {
    "open": {"en": "[{severity}] {hosts}: {count} finding(s)", "ko": "[{severity}] {hosts}: 문제 {count}건"},
    "worse": {"en": "[{severity}] {hosts}: now {count} finding(s)", "ko": "[{severity}] {hosts}: 현재 문제 {count}건"},
    "over": {"en": "[resolved] {hosts}", "ko": "[해결] {hosts}"},
}
OVER: Mapping[Language, str] = {"en": "It is over.", "ko": "상황이 끝났습니다."}
MORE: Mapping[Language, str] = {"en": "and {count} more", "ko": "그 밖에 {count}건"}
# Chats call people at "@everyone", "<!channel>" or "<@U123>": what a host wrote must not.
CALLS = str.maketrans({"@": "＠", "<": "‹", ">": "›"})
QUERY: Mapping[Language, str] = {"en": "Query", "ko": "쿼리"}


@dataclass(frozen=True)
class Message:
    """What is sent; `colour` is how urgent the channel shows it."""

    title: str
    body: str
    colour: NotifyType


@dataclass(frozen=True)
class Writer:
    """How a channel's messages are written: in which languages one after another, and whether in full."""

    features: Mapping[str, Feature]
    languages: Sequence[Language]
    page_url: str = ""
    in_full: bool = False

    def told(self, incident: Incident, step: Step, colour: NotifyType) -> Message:
        """The title is in the first of the languages."""
        return Message(self._title(incident, step), self._joined(incident, step), colour)

    def ended(self, hosts: str, link: str) -> Message:
        """The end of an incident of which nothing more is known than what was said of it."""
        title = TITLES["over"][self.languages[0]].format(hosts=hosts.translate(CALLS))
        lines = [*(OVER[language] for language in self.languages), *([link] if link else [])]
        return Message(title, "\n\n".join(lines), NotifyType.SUCCESS)

    def link(self, incident: str) -> str:
        return f"{self.page_url}/#/incident/{incident}" if self.page_url else ""

    def _title(self, incident: Incident, step: Step) -> str:
        language, firing = self.languages[0], [finding for finding in incident.told if finding.firing]
        return TITLES[step][language].format(
            severity=SEVERITIES[incident.severity][language],
            hosts=say_hosts(incident, language).translate(CALLS),
            count=len(firing),
        )

    def _joined(self, incident: Incident, step: Step) -> str:
        link = self.link(incident.id)
        return "\n\n".join(
            [*(self._body(incident, step, language) for language in self.languages), *([link] if link else [])]
        )

    def _body(self, incident: Incident, step: Step, language: Language) -> str:
        """What fires, the worst first; of an incident that is over, what it was. One finding says all of it."""
        findings = [finding for finding in incident.told if finding.firing or step == "over"]
        findings.sort(key=lambda finding: (-finding.severity, finding.starts_at))
        shown = findings if self.in_full else findings[:TOLD_IN_CHAT]
        lines = [say_incident(incident, self.features, language).translate(CALLS)] if len(incident.findings) > 1 else []
        said = say_findings(shown, self.features, language)
        lines += [
            line for text, finding in zip(said, shown, strict=True) for line in self._lines(text, finding, language)
        ]
        if len(shown) < len(findings):
            lines.append(MORE[language].format(count=len(findings) - len(shown)))
        return "\n".join(lines)

    def _lines(self, said: str, finding: Finding, language: Language) -> list[str]:
        queries = [f"  {QUERY[language]}: {cause.evidence.promql}" for cause in finding.causes] if self.in_full else []
        return [said.translate(CALLS), *queries]
