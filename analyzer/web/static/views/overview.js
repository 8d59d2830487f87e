// Overview: what is wrong now, a sentence each, then every host by urgency. Redraws only what changed.

import { spoken } from "../api.js";
import { arrange, bar, el, inFrames, mark, say } from "../dom.js";
import { live } from "../live.js";
import { failed, incidentItem, badge, healthTone, hostAddress, note, URGENCY } from "../parts.js";
import { told, w } from "../words.js";

export function show(main) {
  const title = el("h1", {}, w("overview"));
  const counts = el("div", { class: "counts", role: "group", "aria-label": w("hosts") });
  const incidents = el("ul", { class: "incidents" });
  const search = el("input", { type: "search", "aria-label": w("search"), placeholder: w("search"), oninput: () => draw() });
  const cards = el("ul", { class: "cards" });
  const problem = el("div");
  main.append(title, problem, counts,
    el("section", {}, el("h2", {}, w("incidents")), incidents),
    el("section", {}, el("div", { class: "titled" }, el("h2", {}, w("hosts")), search), cards));
  const known = new Map();
  const announced = { first: true, seen: new Set() };
  const state = { at: 0, hosts: [], wanted: "", open: true, busy: false, again: false };

  async function refresh() {
    if (state.busy) return void (state.again = true);
    state.busy = true;
    try {
      const [fleet, now] = await Promise.all([spoken("/api/v1/hosts"), spoken("/api/v1/incidents?open=true&limit=100")]);
      if (!state.open) return;
      problem.replaceChildren();
      Object.assign(state, { hosts: fleet.hosts, at: Date.parse(fleet.at) });
      incidentsNow(incidents, now.incidents, announced);
      await draw();
    } catch (error) {
      if (state.open) problem.replaceChildren(failed(error));
    } finally {
      state.busy = false;
    }
    if (state.again && state.open) {
      state.again = false;
      await renew();
    }
  }

  async function draw() {
    headline(title, counts, state, () => draw());
    const text = search.value.trim().toLowerCase();
    const wanted = state.hosts
      .filter((host) => (!state.wanted || host.verdict === state.wanted) && `${host.name} ${host.nodename}`.toLowerCase().includes(text))
      .sort(byUrgency);
    await inFrames(wanted, (host) => {
      if (!known.has(host.name)) known.set(host.name, card());
      known.get(host.name).update(host);
    });
    if (!state.open) return;
    const nodes = wanted.map((host) => known.get(host.name).node);
    arrange(cards, nodes.length || !state.hosts.length ? nodes : [el("li", { class: "note" }, w("noHosts"))]);
  }

  /** A cycle that is shown already is not asked for again. */
  const renew = async () => (live.at <= state.at ? undefined : refresh());

  refresh();
  return { refresh: renew, close: () => { state.open = false; } };
}

function byUrgency(one, other) {
  return URGENCY.indexOf(one.verdict) - URGENCY.indexOf(other.verdict)
    || (one.health ?? 101) - (other.health ?? 101) || one.name.localeCompare(other.name);
}

function headline(title, counts, state, redraw) {
  const number = (verdict) => state.hosts.filter((host) => host.verdict === verdict).length;
  const trouble = ["critical", "silent", "warning", "info"].reduce((sum, verdict) => sum + number(verdict), 0);
  const all = state.hosts.length;
  say(title, !all ? w("overview") : trouble ? w("someTrouble", trouble, all) : number("ok") === all ? w("allWell", all) : w("noTrouble", all));
  const there = URGENCY.filter((verdict) => number(verdict) || verdict === state.wanted);
  const wanted = ["", ...there];
  const shown = JSON.stringify([state.wanted, document.documentElement.lang, wanted.map(number), all]);
  if (counts.dataset.shown === shown) return;
  counts.dataset.shown = shown;
  const focused = document.activeElement?.dataset?.verdict;
  counts.replaceChildren(...wanted.map((verdict) =>
    el("button", {
      type: "button", class: `count ${verdict}`, "data-verdict": verdict, "aria-pressed": String(state.wanted === verdict),
      onclick: () => { state.wanted = state.wanted === verdict ? "" : verdict; redraw(); },
    }, el("strong", {}, String(verdict ? number(verdict) : all)), " ", verdict ? w(verdict) : w("all"))));
  if (focused !== undefined) counts.querySelector(`[data-verdict="${focused}"]`)?.focus();
}

/** Redrawn only when a sentence changed; what is new is said to who listens instead of looking. */
function incidentsNow(list, open, announced) {
  const order = ["critical", "warning", "info"];
  const sorted = [...open].sort((one, other) => Number(one.quiet) - Number(other.quiet) || order.indexOf(one.severity) - order.indexOf(other.severity)
    || Date.parse(other.starts_at) - Date.parse(one.starts_at));
  const shown = JSON.stringify([document.documentElement.lang, sorted.map((one) => [one.id, one.title, one.severity, one.firing, one.quiet, one.hosts.length, one.findings.length])]);
  const fresh = sorted.filter((one) => !one.quiet && !announced.seen.has(one.id));
  for (const one of fresh) announced.seen.add(one.id);
  if (fresh.length && !announced.first) say(document.getElementById("said"), w("newIncident", told(fresh[0].title)));
  announced.first = false;
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...(sorted.length ? sorted.map(incidentItem) : [el("li", {}, note(w("noIncidents")))]));
}

function card() {
  const name = el("a", { class: "name" });
  const verdict = el("span");
  const health = el("p", { class: "health" });
  const filled = bar(0);
  const sentence = el("p", { class: "sentence" });
  const node = el("li", { class: "card" }, el("div", { class: "cardtop" }, name, verdict), el("div", { class: "vital" }, health, filled), sentence);
  let shown = "";
  function update(host) {
    const now = JSON.stringify([host.verdict, host.health, host.summary, host.learning, document.documentElement.lang]);
    if (now === shown) return;
    shown = now;
    say(name, host.nodename || host.name);
    mark(name, "href", hostAddress(host.name));
    mark(name, "title", host.name);
    mark(node, "class", `card ${host.verdict}`);
    verdict.replaceChildren(badge(host.verdict));
    say(health, host.health == null ? w("healthUnknown") : w("healthOf", Math.round(host.health)));
    mark(filled.firstChild, "class", `fill ${healthTone(host.health)}`);
    filled.firstChild.style.inlineSize = `${host.health ?? 0}%`;
    say(sentence, told(host.summary));
  }
  return { node, update };
}
