// What one finding rests on: its ranked causes, what moved with it, and the courses of both.

import { bar, el } from "../dom.js";
import { amount, moment, span, usual } from "../format.js";
import { evidenceItem, note, table } from "../parts.js";
import { told, w } from "../words.js";
import { chartGrid } from "./grid.js";

/** `update` takes the finding; nothing is drawn anew that tells the same. */
export function proof(finding, signal) {
  const [causes, moved] = [el("div"), el("div")];
  const grid = chartGrid(finding.host, signal);
  const node = el("div", {}, el("h3", {}, w("causes")), causes, grid.node, el("h3", {}, w("movedWith")), moved);
  let shown = "";

  function update(now) {
    const drawn = JSON.stringify([now.causes, now.companions]);
    if (drawn !== shown) {
      causes.replaceChildren(el("ol", { class: "causes" }, now.causes.map(cause)));
      const open = Boolean(moved.querySelector("details[open]"));
      moved.replaceChildren(...companions(now.companions, open));
    }
    shown = drawn;
    grid.update(features(now), stretch(now), [], [now]);
  }

  return { node, update, close: () => grid.close() };
}

// What these are told by is no feature of the catalogue, so it has no course.
const WITHOUT_COURSE = ["silent", "reboot", "resized", "renamed"];

const features = (finding) => (WITHOUT_COURSE.includes(finding.kind) ? [] : finding.causes.map((one) => one.feature));

/** From well before it began to a little after it ended, in whole minutes. */
function stretch(finding) {
  const from = Date.parse(finding.starts_at);
  const to = finding.ends_at ? Date.parse(finding.ends_at) : Date.now();
  const margin = Math.max(10 * 60000, (to - from) / 2);
  const end = Math.min(Date.now(), to + margin);
  const minutes = Math.min(31 * 24 * 60, Math.max(1, Math.ceil((end - from + margin) / 60000)));
  return { window: `${minutes}m`, end: finding.ends_at ? new Date(end).toISOString() : "" };
}

function cause(one) {
  const { evidence } = one;
  const said = [w("value", amount(evidence.value, evidence.unit)), usual(evidence.usual_low, evidence.usual_high, evidence.unit)].filter(Boolean).join(", ");
  return el("li", {},
    el("p", {}, el("strong", {}, told(one.meaning)), ` – ${said}`),
    el("p", { class: "shareline" }, bar(one.share ?? 0, "critical"), one.share === null ? "" : w("share", amount(one.share, "ratio"))),
    el("details", {}, el("summary", {}, w("query")), el("code", {}, evidence.promql)));
}

/** Sentences first; what they rest on, with the queries, on demand. */
function companions(known, open) {
  if (!known) return [note(w("notLooked"))];
  const said = known.text.length ? [el("ul", {}, known.text.map((text) => el("li", {}, told(text))))] : [note(w("nothingMoved"))];
  const proofs = [...known.departures, ...known.moved].map((one) => one.evidence);
  return [...said,
    known.departures.length > 1 ? order(known.departures) : "",
    proofs.length ? el("details", { open }, el("summary", {}, w("evidence")), el("ul", { class: "plain proofs" }, proofs.map(evidenceItem))) : "",
    known.problems.length ? note(w("notAsked", known.problems.join("; "))) : "",
    note(w("lookedAt", moment(known.looked_at)))];
}

function order(departures) {
  return table(w("inOrder"), [w("at"), w("later"), w("name"), w("now"), w("usualValue")], departures.map((one) => [
    moment(one.at), one.lag_seconds ? `+${span(one.lag_seconds)}` : w("first"), told(one.meaning),
    amount(one.value, one.evidence.unit), one.usual === null ? "–" : amount(one.usual, one.evidence.unit)]));
}
