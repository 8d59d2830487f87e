// Pieces that several views show: badges, health, sections, tables, evidence, failures.

import { bar, el } from "./dom.js";
import { amount, moment, span, usual, when } from "./format.js";
import { told, w } from "./words.js";

const GLYPHS = { ok: "✓", info: "i", warning: "!", critical: "‼", silent: "∅", learning: "…", unknown: "?" };
export const URGENCY = ["critical", "silent", "warning", "info", "unknown", "learning", "ok"];

/** A verdict by sign, word and colour: never by colour alone. */
export function badge(verdict) {
  return el("span", { class: `badge ${verdict}` }, el("span", { class: "glyph", "aria-hidden": "true" }, GLYPHS[verdict]), w(verdict));
}

export const healthTone = (score) => (score == null ? "unknown" : score < 50 ? "critical" : score < 80 ? "warning" : "ok");

export function section(title, ...children) {
  return el("section", {}, el("h2", {}, title), ...children);
}

export const note = (text) => el("p", { class: "note" }, text);
export const failed = (error) => el("p", { class: "note failed", role: "alert" }, w("failed", error.message));

export const findingAddress = (finding) => `#/incident/${finding.fingerprint}`;
export const incidentAddress = (incident) => `#/incident/${incident.id}`;
export const hostAddress = (name) => `#/host/${encodeURIComponent(name)}`;

/** A finding as a sentence that leads to all that is known of it. */
export const findingItem = (finding) => sentence(finding, findingAddress(finding), finding.what, finding.quiet ? told(finding.quiet.text) : "");

/** An incident likewise, with how far it reaches. */
export function incidentItem(incident) {
  const reach = [
    incident.hosts.length > 1 ? w("onHosts", incident.hosts.length) : "",
    incident.findings.length > 1 ? w("ofFindings", incident.findings.length) : "",
    incident.quiet ? w("untold") : "",
    incident.firing || !incident.open ? "" : w("easing"),
  ].filter(Boolean).join(" · ");
  return sentence(incident, incidentAddress(incident), incident.title, reach);
}

function sentence(one, address, text, more) {
  const lasted = one.ends_at
    ? w("lasted", moment(one.starts_at), moment(one.ends_at), span((Date.parse(one.ends_at) - Date.parse(one.starts_at)) / 1000))
    : w("since", moment(one.starts_at));
  return el("li", { class: `incident ${one.firing ? one.severity : "ended"}` },
    badge(one.severity),
    el("div", {}, el("a", { href: address }, told(text)), more ? el("p", { class: "small" }, more) : null),
    el("time", { datetime: one.starts_at, title: when(one.starts_at) }, lasted));
}

/** Rows of cells under headings; scrolls by itself where the screen is narrow. */
export function table(caption, headings, rows) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {},
      el("thead", {}, el("tr", {}, headings.map((heading) => el("th", { scope: "col" }, heading)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, cell)))))));
}

/** What a statement rests on: the value, what is usual, and the query that anyone can run again. */
export function evidenceItem(evidence) {
  const safe = /^https?:\/\//.test(evidence.link);
  const range = usual(evidence.usual_low, evidence.usual_high, evidence.unit);
  return el("li", { id: `evidence-${evidence.id}`, class: "evidence", tabindex: "-1" },
    el("p", {},
      el("strong", {}, evidence.id), ` ${evidence.host} · ${evidence.subject || evidence.feature} · `,
      el("strong", {}, amount(evidence.value, evidence.unit)),
      range ? ` (${range})` : null),
    el("p", { class: "small" }, `${when(evidence.start)} – ${when(evidence.end)}`),
    evidence.promql ? el("details", {}, el("summary", {}, w("query")), el("code", {}, evidence.promql)) : null,
    safe ? el("p", {}, el("a", { href: evidence.link, rel: "noreferrer" }, w("openEvidence"))) : null);
}

export function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.filter(([, value]) => value != null && value !== "").flatMap(([name, value]) =>
    [el("div", {}, el("dt", {}, name), el("dd", {}, value))]));
}

export function recommendation(step) {
  return el("li", { class: "step" }, el("strong", {}, step.title),
    step.look ? el("p", {}, `${w("look")}: `, el("code", {}, step.look)) : null,
    step.mend ? el("p", {}, `${w("mend")}: `, el("code", {}, step.mend)) : null,
    step.risk ? el("p", { class: "small" }, `${w("risk")}: ${step.risk}`) : null);
}

export function logTable(caption, templates) {
  return table(caption, [w("times"), w("from"), w("text")], templates.map((line) =>
    [String(line.count), line.unit, el("code", {}, line.text)]));
}

export { bar };
