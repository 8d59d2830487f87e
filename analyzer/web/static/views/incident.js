// Incident: when, where and what, each finding with its proof, what to do, what else happened, feedback and silences.

import { get, host as address, send, spoken, timezone } from "../api.js";
import { el, say } from "../dom.js";
import { number, span, when } from "../format.js";
import { badge, failed, facts, findingItem, hostAddress, logTable, note, recommendation, section } from "../parts.js";
import { language, told, w } from "../words.js";
import { proof } from "./proof.js";
import { feedback, quietNotes, silencing } from "./verdict.js";

const MOST_LOGS = 3; // hosts whose log is shown

/** `id` is an incident's, or the fingerprint of any finding. */
export function show(main, id) {
  const stop = new AbortController();
  const state = { shown: "", proofs: new Map(), advised: false };
  const [top, problem, quiet, findings, together, logs, advice] = Array.from({ length: 7 }, () => el("div"));
  const verdicts = [feedback(), silencing()];
  main.append(top, problem, quiet, ...verdicts.map((verdict) => verdict.node), findings,
    section(w("advice"), advice), section(w("together"), together), section(w("logsThen"), logs));

  async function refresh() {
    try {
      const incident = await known(id, stop.signal);
      problem.replaceChildren();
      draw(incident);
    } catch (error) {
      if (error.name !== "AbortError") problem.replaceChildren(failed(error));
    }
  }

  function draw(incident) {
    const now = JSON.stringify(incident);
    if (state.shown !== now) {
      state.shown = now;
      top.replaceChildren(...heading(incident));
      quiet.replaceChildren(...(incident.findings.every((one) => one.quiet) ? quietNotes(incident.findings) : []));
      for (const verdict of verdicts) verdict.update(incident.findings);
    }
    for (const finding of incident.findings) proven(finding, incident.findings.length > 1);
    around(incident, together, stop.signal);
    logged(incident, logs, stop.signal);
    if (!state.advised) advise(incident, advice, stop.signal);
    state.advised = true;
  }

  function proven(finding, several) {
    if (!state.proofs.has(finding.fingerprint)) {
      const made = part(finding, !state.proofs.size, stop.signal);
      findings.append(made.node);
      state.proofs.set(finding.fingerprint, made);
    }
    state.proofs.get(finding.fingerprint).update(finding, several);
  }

  refresh();
  return { refresh, close() { stop.abort(); for (const one of state.proofs.values()) one.close(); } };
}

/** What the finding belongs to; an incident's id is the fingerprint of the finding that opened it. */
async function known(id, signal) {
  const first = await spoken(finding(id), signal);
  if (!first.incident) {
    const hosts = [{ host: first.host, joined_at: first.starts_at }];
    return { ...first, title: first.what, open: first.firing, hosts, findings: [first] };
  }
  const incident = await spoken(`/api/v1/incidents/${encodeURIComponent(first.incident)}`, signal);
  const [opened, ...rest] = incident.findings;
  return { ...incident, findings: [opened.fingerprint === id ? first : await spoken(finding(opened.fingerprint), signal), ...rest] };
}

const finding = (fingerprint) => `/api/v1/findings/${encodeURIComponent(fingerprint)}`;

function heading(incident) {
  const lasted = incident.ends_at ? (Date.parse(incident.ends_at) - Date.parse(incident.starts_at)) / 1000 : null;
  const firing = incident.findings.filter((one) => one.firing).length;
  const [only] = incident.findings;
  return [
    el("h1", { class: "sentencetitle" }, badge(incident.severity), " ", told(incident.title)),
    facts([
      [w("address"), places(incident.hosts)],
      [w("condition"), firing ? w("firing") : incident.open ? w("easing") : w("ended")],
      [w("began"), when(incident.starts_at)],
      [w("finished"), lasted === null ? null : `${when(incident.ends_at)} (${span(lasted)})`],
      incident.findings.length > 1 ? [w("findings"), w("findingsFiring", firing, incident.findings.length)]
        : [w("score"), only.score === null ? null : number(only.score)],
    ]),
  ];
}

/** In the order in which they joined: the host it began on stands first. */
function places(hosts) {
  return el("span", {}, hosts.flatMap((one, place) => [place ? " → " : "",
    el("a", { href: hostAddress(one.host), title: when(one.joined_at) }, one.host)]));
}

/** One finding with its proof; what lies closed draws no charts. */
function part(finding, open, signal) {
  const [title, stood, made] = [el("span", {}), el("p", { class: "small" }), proof(finding, signal)];
  const summary = el("summary", {}, badge(finding.severity), " ", title);
  const node = el("section", { "data-finding": finding.fingerprint },
    el("details", { class: "part", open }, summary, stood, made.node));
  function update(now, several) {
    summary.replaceChild(badge(now.severity), summary.firstChild);
    say(title, several ? told(now.what) : w("proof"));
    say(stood, `${now.firing ? w("firing") : w("ended")} · ${when(now.starts_at)}${now.ends_at ? ` – ${when(now.ends_at)}` : ""}${now.quiet ? ` · ${told(now.quiet.text)}` : ""}`);
    made.update(now);
  }
  return { node, update, close: made.close };
}

async function around(incident, place, signal) {
  const { findings } = await spoken(`/api/v1/findings?since=${encodeURIComponent(incident.starts_at)}&limit=100`, signal).catch(() => ({ findings: [] }));
  const own = new Set(incident.findings.map((one) => one.fingerprint));
  const end = incident.ends_at ? Date.parse(incident.ends_at) : Infinity;
  const others = findings.filter((other) => !own.has(other.fingerprint) && Date.parse(other.starts_at) <= end);
  if (!signal.aborted) place.replaceChildren(others.length ? el("ul", { class: "incidents" }, others.map(findingItem)) : note(w("noTogether")));
}

async function logged(incident, place, signal) {
  try {
    const minutes = Math.min(31 * 1440, Math.ceil((Date.now() - Date.parse(incident.starts_at)) / 60000) + 5);
    const asked = incident.hosts.slice(0, MOST_LOGS).map(async ({ host }) => [host, await get(`${address(host)}/logs?window=${minutes}m`, signal)]);
    const parts = (await Promise.all(asked)).flatMap(([host, { templates, refused }]) => [incident.hosts.length > 1 ? el("h3", {}, host) : "",
      templates.length ? logTable(w("logsThen"), templates) : note(refused ? w("noLogsGiven", refused) : w("noLogs"))]);
    place.replaceChildren(...parts);
  } catch (error) {
    if (error.name !== "AbortError") place.replaceChildren(failed(error));
  }
}

/** The assistant's reviewed steps for the host it began on, with the evidence it gives. */
async function advise(incident, place, signal) {
  place.replaceChildren(note(w("thinking")));
  const [{ host }] = incident.hosts;
  try {
    const question = { question: w("adviceQuestion", host), language: language(), host, timezone: timezone() };
    const answer = await send("POST", "/api/v1/query", question, signal);
    const steps = answer.data.recommendations;
    place.replaceChildren(steps.length ? el("ul", { class: "steps" }, steps.map(recommendation)) : note(w("noAdvice")));
  } catch (error) {
    if (error.name !== "AbortError") place.replaceChildren(failed(error));
  }
}
