// What people say of an incident: useful or not an anomaly, and silences. All of it can be taken back.

import { get, send } from "../api.js";
import { el, mark, say } from "../dom.js";
import { moment } from "../format.js";
import { note } from "../parts.js";
import { told, w } from "../words.js";

const SPANS = ["1h", "8h", "1d"];
const address = (finding) => `/api/v1/findings/${encodeURIComponent(finding.fingerprint)}/feedback`;

/** `update` takes the findings, the first of them with its feedback. Buttons stay in place, and so does the focus. */
export function feedback() {
  const said = el("p", { class: "small", role: "status" });
  const state = { findings: [], given: null };
  const buttons = { useful: button(w("useful"), () => give("useful"), true), not_an_anomaly: button(w("notAnomaly"), () => give("not_an_anomaly"), true) };
  const undo = button(w("undo"), () => give(null));
  undo.hidden = true;
  const node = el("div", { class: "feedback", role: "group", "aria-label": w("feedback") },
    el("span", {}, w("feedback")), el("div", { class: "buttons" }, ...Object.values(buttons), undo), said);

  async function give(opinion) {
    try {
      await Promise.all(state.findings.map((finding) => opinion ? send("PUT", address(finding), { opinion }) : send("DELETE", address(finding))));
      show(opinion);
      say(said, w({ useful: "thanksUseful", not_an_anomaly: "thanksNot" }[opinion] ?? "takenBack"));
    } catch (error) {
      say(said, w("failed", error.message));
    }
  }

  function show(given) {
    state.given = given;
    for (const [opinion, one] of Object.entries(buttons)) {
      one.disabled = false;
      mark(one, "aria-pressed", String(opinion === given));
    }
    if (given === null && document.activeElement === undo) buttons.useful.focus();
    undo.hidden = given === null;
  }

  function update(findings) {
    state.findings = findings;
    show(findings[0].feedback ?? null);
  }
  return { node, update };
}

/** Silences the like of these findings for a while, and ends what silences them now. */
export function silencing() {
  const said = el("p", { class: "small", role: "status" });
  const held = el("ul", { class: "plain" });
  const state = { findings: [], shown: "", made: new Set() };
  const buttons = SPANS.map((span) => button(span, () => silence(span), true));
  const node = el("div", { class: "feedback", role: "group", "aria-label": w("silence") },
    el("span", {}, w("silence")), el("div", { class: "buttons" }, ...buttons), said, held);

  async function silence(duration) {
    try {
      const { id } = await send("POST", "/api/v1/silences", { matchers: matchers(state.findings), duration, comment: w("silenceComment", told(state.findings[0].text)).slice(0, 1000) });
      state.made.add(id);
      say(said, w("silenced"));
      await list();
    } catch (error) {
      say(said, w("failed", error.message));
    }
  }

  async function end(id) {
    try {
      await send("DELETE", `/api/v1/silences/${encodeURIComponent(id)}`);
      say(said, w("silenceEnded"));
      await list();
      buttons[0].focus();
    } catch (error) {
      say(said, w("failed", error.message));
    }
  }

  async function list() {
    const by = new Set([...state.made, ...state.findings.filter((finding) => finding.quiet?.reason === "silence").map((finding) => finding.quiet.by)]);
    const known = by.size ? (await get("/api/v1/silences")).silences.filter((one) => by.has(one.id) && one.state !== "expired") : [];
    const now = JSON.stringify(known);
    if (now === state.shown) return;
    state.shown = now;
    held.replaceChildren(...known.map((one) => silenceItem(one, end)));
  }

  function update(findings) {
    state.findings = findings;
    for (const one of buttons) one.disabled = false;
    list().catch((error) => say(said, w("failed", error.message)));
  }
  return { node, update };
}

/** One silence with what ends it. */
export function silenceItem(one, end) {
  const from = one.state === "pending" ? `${w("silencesFrom", moment(one.starts_at))} ` : "";
  return el("li", {}, `${from}${w("silencedUntil", moment(one.ends_at))} `, button(w("endSilence"), () => end(one.id)),
    el("p", { class: "small" }, el("code", {}, one.matchers.join(", ")), ` – ${one.comment}`, one.created_by ? ` (${one.created_by})` : null));
}

/** Why findings are shown and not told, each reason once. */
export const quietNotes = (findings) =>
  [...new Set(findings.filter((finding) => finding.quiet).map((finding) => told(finding.quiet.text)))].map((text) => note(text));

const button = (text, onclick, disabled = false) => el("button", { type: "button", onclick, disabled }, text);

const matchers = (findings) => [one("host", findings.map((finding) => finding.host)), one("kind", findings.map((finding) => finding.kind))];

function one(label, values) {
  const each = [...new Set(values)];
  if (each.length === 1) return `${label}=${JSON.stringify(each[0])}`;
  return `${label}=~${JSON.stringify(each.map((value) => value.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&")).join("|"))}`;
}
