// Ask: a question, the answer as it comes, every number leading to its evidence, and what the answer rests on.

import { stream, timezone } from "../api.js";
import { el } from "../dom.js";
import { amount, moment, span } from "../format.js";
import { badge, evidenceItem, failed, facts, hostAddress, logTable, note, recommendation, section, table } from "../parts.js";
import { w } from "../words.js";

const SESSION = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const MARKS = /\[(E\d+)\]/g;
const DATE = /[A-Z][a-z]{2} \d{1,2} \d{2}:\d{2}(?: [A-Z]{2,5})?|\d{1,2}월 \d{1,2}일 \d{2}:\d{2}(?: [A-Z]{2,5})?|\d{2}:\d{2}/;
const NAME = /\d+(?:\.\d+){3}(?::\d+)?|[\w.-]*[A-Za-z_][\w.-]*(?::\d+)?/;
const FIGURE = /\d+(?:,\d{3})*(?:\.\d+)?(?: ?(?:%|°C|[KMGTP]i?B(?:\/s)?|B\/s|ms|µs|min|[shdB](?![a-z])))?/;
// What a sentence is made of, where it matters: [1] a mark such as [E1], a time or a name that stay as they are, [2] a figure.
const PIECES = new RegExp(`${MARKS.source}|${DATE.source}|(${FIGURE.source})(?![\\w.:-]*\\w)|${NAME.source}`, "g");

const PARTS = { understanding: "understanding", computing: "computing", wording: "phrasing", total: "total" };

export function show(main, host) {
  const field = el("input", { id: "question", type: "text", required: true, maxlength: "2000", placeholder: w("placeholder"), autocomplete: "off" });
  const place = el("div", { class: "answer", "aria-live": "polite" });
  const form = el("form", { class: "ask", onsubmit: (event) => { event.preventDefault(); ask(field.value.trim()); } },
    el("label", { for: "question" }, host ? `${w("question")} (${host})` : w("question")),
    el("div", { class: "askline" }, field, el("button", { type: "submit", class: "primary" }, w("send"))));
  const starters = el("div", { class: "starters", role: "group", "aria-label": w("starters") }, el("span", { class: "small" }, w("starters")),
    ["starter1", "starter2", "starter3", "starter4", "starter5"].map((key) =>
      el("button", { type: "button", onclick: () => { field.value = w(key); ask(w(key)); } }, w(key))));
  main.append(el("h1", {}, w("ask")), form, starters, place);
  let stop = new AbortController();

  async function ask(text) {
    if (!text) return;
    stop.abort();
    stop = new AbortController();
    place.replaceChildren(note(`${w("thinking")}…`));
    const question = { question: text, session_id: SESSION, timezone: timezone(), ...(host ? { host } : {}) };
    try {
      await stream(question, (kind, answer) => redraw(place, drawn(answer, kind)), stop.signal);
    } catch (error) {
      if (error.name !== "AbortError") place.replaceChildren(failed(error));
    }
  }

  field.focus({ preventScroll: true });
  return { refresh() {}, close: () => stop.abort() };
}

/** The worded answer takes the place of the bare facts: what was opened or looked at meanwhile stays so. */
function redraw(place, parts) {
  const looked = place.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = [...place.querySelectorAll("[id] details[open]")].map((one) => one.closest("[id]").id);
  place.replaceChildren(...parts);
  for (const id of opened) open(document.getElementById(id));
  if (looked) document.getElementById(looked)?.focus();
}

function open(item) {
  for (const details of item?.querySelectorAll("details") ?? []) details.open = true;
}

function drawn(answer, kind) {
  const { analysis, data } = answer;
  const evidence = new Map(data.evidence.map((one) => [one.id, one]));
  return [
    answer.success ? null : note(w("unsupported")),
    el("div", { class: "said", lang: analysis.language },
      el("p", { class: "lead" }, clickable(analysis.summary, evidence)),
      analysis.details.map((line) => el("p", {}, clickable(line, evidence)))),
    kind === "facts" ? note(`${w("wording")}…`) : null,
    data.system_status.length ? section(w("hosts"), el("ul", { class: "plain" }, data.system_status.map((one) =>
      el("li", {}, badge(one.verdict), " ", el("a", { href: hostAddress(one.host) }, one.host))))) : null,
    data.predictions.length ? section(w("runsOut"), predictions(data.predictions)) : null,
    data.recommendations.length ? section(w("advice"), el("ul", { class: "steps" }, data.recommendations.map(recommendation))) : null,
    data.logs.length ? section(w("logs"), logTable(w("logs"), data.logs)) : null,
    data.evidence.length ? section(w("evidence"), el("ul", { class: "plain proofs" }, data.evidence.map(evidenceItem))) : null,
    section(w("basis"), basis(answer)),
  ].filter(Boolean);
}

/** A sentence whose figures and marks lead to its evidence. Sentences without a mark rest on none and stay plain. */
function clickable(sentence, evidence) {
  const marks = [...sentence.matchAll(MARKS)].filter(([, id]) => evidence.has(id));
  if (!marks.length) return [sentence];
  const parts = [];
  let at = 0;
  for (const found of sentence.matchAll(PIECES)) {
    const id = found[1] ?? (found[2] ? provenBy(found, marks, evidence) : null);
    parts.push(sentence.slice(at, found.index), evidence.has(id) ? leading(found[0], id) : found[0]);
    at = found.index + found[0].length;
  }
  return [...parts, sentence.slice(at)];
}

/** The cited evidence that has this very value, else the next one that is cited. */
function provenBy(found, marks, evidence) {
  const values = (one) => [one.value, one.usual_low, one.usual_high].map((value) => amount(value, one.unit));
  const same = marks.find(([, id]) => values(evidence.get(id)).includes(found[2]));
  return (same ?? marks.find((mark) => mark.index > found.index) ?? marks.at(-1))[1];
}

function leading(text, id) {
  const shown = text.startsWith("[") ? id : text;
  return el("button", {
    type: "button", class: text.startsWith("[") ? "mark" : "figure", title: `${w("evidence")} ${id}`,
    onclick: () => {
      const item = document.getElementById(`evidence-${id}`);
      open(item);
      item.scrollIntoView({ block: "center" });
      item.focus();
    },
  }, shown);
}

function predictions(list) {
  return table(w("runsOut"), [w("address"), w("name"), w("at"), w("expected")], list.map((one) => [one.host, one.feature.replaceAll("_", " "), moment(one.at),
    `${amount(one.point, one.unit)} (${amount(one.lower, one.unit)} – ${amount(one.upper, one.unit)})`]));
}

function basis(answer) {
  const { metadata, performance } = answer;
  const parts = Object.entries(performance.parts_ms).map(([part, ms]) => `${PARTS[part] ? w(PARTS[part]) : part} ${span(ms / 1000)}`).join(" · ");
  return [
    facts([
      [w("answeredBy"), metadata.answered_by === "deterministic" ? w("deterministic") : `${metadata.answered_by} ${metadata.model}`],
      [w("sources"), answer.sources.map((one) => `${one.source} ${amount(one.share, "ratio")}`).join(" · ") || w("none")],
      [w("took"), `${span(performance.total_ms / 1000)} (${parts})`],
      [w("cached"), metadata.cached || performance.cache_hits ? w("yes") : w("no")],
      [w("confidence"), amount(metadata.confidence, "ratio")],
    ]),
    el("p", {}, `${w("tried")}: `, performance.fallbacks.length ? "" : w("none")),
    performance.fallbacks.length ? el("ul", {}, performance.fallbacks.map((one) => el("li", {}, one))) : null,
  ];
}

