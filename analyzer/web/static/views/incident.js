// Incident: when and what, ranked causes with the charts that prove them, what else happened, advice, and feedback.

import { get, host as address, send } from "../api.js";
import { bar, el, say } from "../dom.js";
import { amount, number, span, usual, when } from "../format.js";
import { badge, failed, facts, findingItem, hostAddress, logTable, note, recommendation, section } from "../parts.js";
import { language, told, w } from "../words.js";
import { chartGrid } from "./grid.js";

export function show(main, fingerprint) {
  const path = `/api/v1/findings/${encodeURIComponent(fingerprint)}`;
  const stop = new AbortController();
  const state = { shown: "", grid: null, advised: false };
  const [top, problem, causes, proof, together, logs, advice, feedback] = Array.from({ length: 8 }, () => el("div"));
  main.append(top, problem, feedback, section(w("causes"), causes, proof), section(w("advice"), advice),
    section(w("together"), together), section(w("logsThen"), logs));

  async function refresh() {
    try {
      const finding = await get(path, stop.signal);
      problem.replaceChildren();
      draw(finding);
    } catch (error) {
      if (error.name !== "AbortError") problem.replaceChildren(failed(error));
    }
  }

  function draw(finding) {
    const now = JSON.stringify(finding);
    if (state.shown !== now) {
      state.shown = now;
      top.replaceChildren(...heading(finding));
      causes.replaceChildren(el("ol", { class: "causes" }, finding.causes.map(cause)));
      opinion(feedback, path, finding);
    }
    if (state.grid === null) {
      state.grid = chartGrid(finding.host, stop.signal);
      proof.append(state.grid.node);
    }
    state.grid.update(finding.causes.map((one) => one.feature).filter((feature) => feature !== "up"), stretch(finding), [], [finding]);
    around(finding, together, stop.signal);
    logged(finding, logs, stop.signal);
    if (!state.advised) advise(finding, advice, stop.signal);
    state.advised = true;
  }

  refresh();
  return { refresh, close() { stop.abort(); state.grid?.close(); } };
}

function heading(finding) {
  const lasted = finding.ends_at ? (Date.parse(finding.ends_at) - Date.parse(finding.starts_at)) / 1000 : null;
  return [
    el("h1", { class: "sentencetitle" }, badge(finding.severity), " ", told(finding.text)),
    facts([
      [w("address"), el("a", { href: hostAddress(finding.host) }, finding.host)],
      [w("condition"), finding.firing ? w("firing") : w("ended")],
      [w("began"), when(finding.starts_at)],
      [w("finished"), lasted === null ? null : `${when(finding.ends_at)} (${span(lasted)})`],
      [w("score"), finding.score === null ? null : number(finding.score)],
    ]),
  ];
}

function cause(one) {
  const { evidence } = one;
  const said = [w("value", amount(evidence.value, evidence.unit)), usual(evidence.usual_low, evidence.usual_high, evidence.unit)].filter(Boolean).join(", ");
  return el("li", {},
    el("p", {}, el("strong", {}, told(one.meaning)), ` – ${said}`),
    el("p", { class: "shareline" }, bar(one.share ?? 0, "critical"), one.share === null ? "" : w("share", amount(one.share, "ratio"))),
    el("details", {}, el("summary", {}, w("query")), el("code", {}, evidence.promql)));
}

/** From well before it began to a little after it ended, in whole minutes. */
function stretch(finding) {
  const from = Date.parse(finding.starts_at);
  const to = finding.ends_at ? Date.parse(finding.ends_at) : Date.now();
  const margin = Math.max(10 * 60000, (to - from) / 2);
  const end = Math.min(Date.now(), to + margin);
  const minutes = Math.min(31 * 24 * 60, Math.max(1, Math.ceil((end - from + margin) / 60000)));
  return { window: `${minutes}m`, end: finding.ends_at ? new Date(end).toISOString() : "" };
}

function opinion(place, path, finding) {
  const said = el("p", { class: "small", role: "status" });
  const give = async (opinion) => {
    try {
      const told = opinion ? await send("PUT", `${path}/feedback`, { opinion }) : await send("DELETE", `${path}/feedback`);
      drawButtons(told.feedback);
      say(said, w({ useful: "thanksUseful", not_an_anomaly: "thanksNot" }[told.feedback] ?? "takenBack"));
    } catch (error) {
      say(said, w("failed", error.message));
    }
  };
  const buttons = el("div", { class: "buttons" });
  function drawButtons(given) {
    const button = (opinion, text) => el("button", { type: "button", "data-opinion": opinion, "aria-pressed": String(given === opinion), onclick: () => give(opinion) }, text);
    const focused = document.activeElement?.dataset?.opinion;
    buttons.replaceChildren(button("useful", w("useful")), button("not_an_anomaly", w("notAnomaly")),
      ...(given ? [el("button", { type: "button", "data-opinion": "undo", onclick: () => give(null) }, w("undo"))] : []));
    if (focused) (buttons.querySelector(`[data-opinion="${focused}"]`) ?? buttons.firstChild).focus();
  }
  drawButtons(finding.feedback);
  place.replaceChildren(el("div", { class: "feedback", role: "group", "aria-label": w("feedback") }, el("span", {}, w("feedback")), buttons, said));
}

async function around(finding, place, signal) {
  const { findings } = await get(`/api/v1/findings?since=${encodeURIComponent(finding.starts_at)}&limit=100`, signal).catch(() => ({ findings: [] }));
  const end = finding.ends_at ? Date.parse(finding.ends_at) : Infinity;
  const others = findings.filter((other) => other.fingerprint !== finding.fingerprint && Date.parse(other.starts_at) <= end);
  place.replaceChildren(others.length ? el("ul", { class: "incidents" }, others.map(findingItem)) : note(w("noTogether")));
}

async function logged(finding, place, signal) {
  try {
    const minutes = Math.min(31 * 1440, Math.ceil((Date.now() - Date.parse(finding.starts_at)) / 60000) + 5);
    const { templates, refused } = await get(`${address(finding.host)}/logs?window=${minutes}m`, signal);
    place.replaceChildren(templates.length ? logTable(w("logsThen"), templates) : note(refused ? w("noLogsGiven", refused) : w("noLogs")));
  } catch (error) {
    if (error.name !== "AbortError") place.replaceChildren(failed(error));
  }
}

/** The assistant's reviewed steps for this host, with the evidence it gives. */
async function advise(finding, place, signal) {
  place.replaceChildren(note(w("thinking")));
  try {
    const question = { question: w("adviceQuestion", finding.host), language: language(), host: finding.host, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone };
    const answer = await send("POST", "/api/v1/query", question, signal);
    const steps = answer.data.recommendations;
    place.replaceChildren(steps.length ? el("ul", { class: "steps" }, steps.map(recommendation)) : note(w("noAdvice")));
  } catch (error) {
    if (error.name !== "AbortError") place.replaceChildren(failed(error));
  }
}

