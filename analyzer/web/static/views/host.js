// Host: how it is and why, its features' courses with what is usual, expected and unusual, what runs, what it logs.

import { get, host as address, spoken } from "../api.js";
import { bar, el, mark, say } from "../dom.js";
import { amount, moment, number, span } from "../format.js";
import { badge, failed, facts, healthTone, incidentItem, logTable, note, section, table } from "../parts.js";
import { told, w } from "../words.js";
import { chartGrid } from "./grid.js";

const RANGES = ["15m", "1h", "6h", "24h", "7d"];
const FIRST = [
  "cpu_busy_ratio", "memory_available_ratio", "filesystem_fullest_used_ratio", "disk_busiest_utilisation_ratio",
  "load_per_core", "network_received_bytes_per_second", "network_sent_bytes_per_second",
];
const MOST_FIRST = 9;
const SERVICES = 10;

export function show(main, name) {
  const state = { open: true, range: "1h", detail: null, stop: new AbortController() };
  const top = el("div", { class: "hosttop" });
  const problem = el("div");
  const points = el("div");
  const charts = chartGrid(name, state.stop.signal);
  const more = chartGrid(name, state.stop.signal);
  const moreTitle = el("summary");
  const rest = el("details", { ontoggle: () => { if (rest.open) renew(); } }, moreTitle, more.node);
  const [processes, services, logs, history] = [el("div"), el("div"), el("div"), el("div")];
  main.append(top, problem, section(w("points"), points),
    el("section", {},
      el("div", { class: "titled" }, el("h2", {}, w("charts")), ranges(state, renew)),
      note(`${w("legend")} ${w("zoomHint")}`), charts.node, rest),
    el("div", { class: "columns" }, section(w("processes"), processes), section(w("services"), services)),
    section(w("logs"), logs), section(w("history"), history));

  function renew() {
    if (!state.detail) return;
    const chosen = features(state.detail);
    const others = Object.keys(state.detail.latest).filter((feature) => !chosen.includes(feature)).sort();
    say(moreTitle, w("moreCharts", chosen.length + others.length));
    const past = state.history ?? [];
    charts.update(chosen, state.range, state.detail.forecasts, past);
    if (rest.open) more.update(others, state.range, state.detail.forecasts, past);
  }

  async function refresh() {
    const signal = state.stop.signal;
    try {
      const [detail, past, status] = await Promise.all([
        spoken(address(name), signal),
        spoken(`/api/v1/incidents?host=${encodeURIComponent(name)}&limit=30`, signal),
        get("/api/v1/status", signal),
      ]);
      problem.replaceChildren();
      const own = past.incidents.flatMap((incident) => incident.findings).filter((finding) => finding.host === detail.name);
      Object.assign(state, { detail, history: own });
      whenChanged(top, { detail, range: state.range }, () => heading(detail, status.grafana_url, state.range));
      const health = await get(`${address(name)}/health`, signal);
      whenChanged(points, health, () => taken(health.health, detail));
      whenChanged(history, past.incidents, () => [past.incidents.length ? el("ul", { class: "incidents" }, past.incidents.map(incidentItem)) : note(w("noHistory"))]);
      renew();
    } catch (error) {
      if (error.name !== "AbortError") problem.replaceChildren(failed(error));
    }
    running(name, state, processes, services, logs);
  }

  refresh();
  return { refresh, close() { state.stop.abort(); charts.close(); more.close(); } };
}

/** The vital ones and those that stand out, the most telling first. */
function features(detail) {
  const causes = detail.findings.filter((finding) => finding.firing).flatMap((finding) => finding.causes.map((cause) => cause.feature));
  const loud = Object.entries(detail.shares).filter(([, share]) => share > 0.2).sort((one, other) => other[1] - one[1]).map(([feature]) => feature);
  return [...new Set([...causes, ...FIRST, ...loud])].filter((feature) => feature in detail.latest).slice(0, MOST_FIRST);
}

function ranges(state, renew) {
  const buttons = RANGES.map((range) => el("button", {
    type: "button", "aria-pressed": String(range === state.range),
    onclick: (event) => {
      state.range = range;
      for (const button of buttons) mark(button, "aria-pressed", String(button === event.currentTarget));
      renew();
    },
  }, range));
  return el("div", { class: "segments", role: "group", "aria-label": w("range") }, buttons);
}

function heading(detail, grafana, range) {
  const learning = detail.learning ? w("learningNow", number(detail.learning.steps_seen), number(detail.learning.steps_needed)) : null;
  const best = Object.values(detail.scores).filter((score) => score !== null);
  const safe = /^https?:\/\//.test(grafana);
  return [
    el("h1", {}, detail.nodename || detail.name, " ", badge(detail.verdict)),
    el("p", { class: "lead" }, told(detail.summary)),
    detail.experience ? note(told(detail.experience.text)) : null,
    el("div", { class: "vital wide" },
      el("p", { class: "health" }, detail.health == null ? w("healthUnknown") : w("healthOf", Math.round(detail.health))),
      bar((detail.health ?? 0) / 100, healthTone(detail.health))),
    facts([
      [w("address"), detail.name],
      [w("performance"), detail.performance == null ? null : `${Math.round(detail.performance)}%`],
      [w("score"), best.length ? number(Math.max(...best)) : null],
      [w("state"), detail.state ? detail.state.label : null],
      [w("learning"), learning],
      [w("lastSeen"), detail.last_seen ? moment(detail.last_seen) : null],
      ...detail.forecasts.filter((forecast) => forecast.exhausted_in?.seconds != null).map((forecast) =>
        [w("runsOut"), forecast.exhausted_in.seconds ? w("runsOutIn", told(forecast.meaning), span(forecast.exhausted_in.seconds)) : w("atLimit", told(forecast.meaning))]),
    ]),
    el("p", { class: "links" },
      el("a", { href: `#/ask/${encodeURIComponent(detail.name)}` }, w("askHost")),
      safe ? el("a", { href: `${grafana.replace(/\/$/, "")}/d/openmanager-host?var-host=${encodeURIComponent(detail.name)}&from=now-${range}&to=now`, rel: "noreferrer" }, w("grafana")) : null),
  ];
}

const KINDS = ["anomaly", "departure", "silent"];
const kindWord = (subject) => (KINDS.includes(subject) ? w(subject) : "");

function taken(health, detail) {
  const called = (subject) => told(detail.latest[subject.replace(/^saturation:/, "")]?.meaning) || kindWord(subject) || subject.replaceAll("_", " ");
  if (!health?.deductions.length) return [note(w("nothingTaken"))];
  return [el("ul", { class: "deductions" }, health.deductions.map((deduction) => el("li", {},
    el("span", {}, `${w(deduction.reason)}: ${called(deduction.subject)}`),
    bar(deduction.points / 100, "critical"),
    el("strong", {}, w("pointsLost", number(deduction.points))))))];
}

/** Each by itself: a host whose exporter gives no logs still shows its processes. */
function running(name, state, processes, services, logs) {
  const ask = async (place, path, draw) => {
    try {
      const told = await get(`${address(name)}/${path}`, state.stop.signal);
      whenChanged(place, told.groups ?? told.services ?? told.templates, () => draw(told));
    } catch (error) {
      if (error.name !== "AbortError") whenChanged(place, error.message, () => [failed(error)]);
    }
  };
  ask(processes, "processes", (told) => told.groups.length ? [table(w("processes"), [w("name"), w("cores"), w("memory"), w("count")],
    told.groups.map((group) => [group.name, group.cpu_cores === null ? "–" : number(group.cpu_cores), amount(group.memory_bytes, "bytes"), group.processes === null ? "–" : String(group.processes)]))] : [note(w("noProcesses"))]);
  ask(services, "services", (told) => told.services.length ? serviceLists(told) : [note(w("noServices"))]);
  ask(logs, "logs?window=24h", (told) => told.templates.length ? [logTable(w("logs"), told.templates)] : [note(told.refused ? w("noLogsGiven", told.refused) : w("noLogs"))]);
}

function serviceLists(told) {
  const row = (service) => el("li", { class: service.state }, service.name, " ", el("span", { class: "small" }, service.state));
  const counts = Object.entries(told.states).map(([state, count]) => `${state} ${count}`).join(" · ");
  return [el("p", {}, counts), el("ul", { class: "services" }, told.services.slice(0, SERVICES).map(row)),
    told.services.length > SERVICES ? el("details", {}, el("summary", {}, w("showServices")), el("ul", { class: "services" }, told.services.slice(SERVICES).map(row))) : null].filter(Boolean);
}

const drawn = new WeakMap();

/** Replaces a part only when what it tells changed: focus and scroll stay where they are. */
function whenChanged(place, told, draw) {
  const now = JSON.stringify(told);
  if (drawn.get(place) === now) return;
  drawn.set(place, now);
  place.replaceChildren(...draw().filter(Boolean));
}
