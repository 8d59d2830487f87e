// Status: how the analyzer itself is: its source, its last cycle, what failed, what it owes, what answers lean on, what is silenced.

import { get, send } from "../api.js";
import { bar, el } from "../dom.js";
import { moment, number, span } from "../format.js";
import { failed, facts, note, section, table } from "../parts.js";
import { figure, w } from "../words.js";
import { silenceItem } from "./verdict.js";

export function show(main) {
  const [place, silences] = [el("div"), el("div")];
  const stop = new AbortController();
  main.append(el("h1", {}, w("status")), place, section(w("silences"), silences),
    el("p", {}, el("a", { href: "/openapi.json" }, w("apiDocument"))));
  const held = { shown: "" };
  let shown = "";

  async function refresh() {
    try {
      const status = await get("/api/v1/status", stop.signal);
      const now = JSON.stringify(status);
      if (now !== shown) place.replaceChildren(...drawn(status));
      shown = now;
    } catch (error) {
      shown = "";
      if (error.name !== "AbortError") place.replaceChildren(failed(error));
    }
    await planned(silences, held, stop.signal);
  }

  refresh();
  return { refresh, close: () => stop.abort() };
}

function drawn(status) {
  const { readiness } = status;
  return [
    el("p", { class: `lead ${readiness.ready ? "" : "failed"}` }, readiness.ready ? w("ready") : w("notReady", readiness.reason)),
    facts([
      [w("source"), readiness.source || w("none")],
      [w("tried"), readiness.fallback_reason],
      [w("cycle"), status.at ? moment(status.at) : null],
      [w("hosts"), String(status.hosts)],
      [w("version"), status.version],
    ]),
    section(w("stages"), stages(status.stage_seconds)),
    section(w("failures"), status.failures.length
      ? table(w("failures"), [w("name"), w("address"), w("text")], status.failures.map((failure) => [failure.stage, failure.host || w("all"), failure.reason]))
      : note(w("noFailures"))),
    section(w("outbox"), status.outbox.length
      ? table(w("outbox"), [w("sink"), w("pending"), w("delivered"), w("failuresCount"), w("refused")],
        status.outbox.map((sink) => [sink.configured ? sink.sink : `${sink.sink} (${w("notConfigured")})`, sink.oldest_at ? `${sink.pending} (${w("since", moment(sink.oldest_at))})` : String(sink.pending), String(sink.delivered), String(sink.failures), String(sink.refused)]))
      : note(w("noOutbox"))),
    section(w("components"), status.components.length
      ? el("ul", { class: "plain parts" }, status.components.map(component))
      : note(w("noComponents"))),
  ];
}

/** Those that hold or will; each can be ended. */
async function planned(place, held, signal) {
  const end = async (id) => {
    await send("DELETE", `/api/v1/silences/${encodeURIComponent(id)}`).catch(() => undefined); // what is shown next tells
    await planned(place, held, signal);
  };
  try {
    const { silences } = await get("/api/v1/silences", signal);
    const known = silences.filter((one) => one.state !== "expired");
    const now = JSON.stringify(known);
    if (now !== held.shown) place.replaceChildren(known.length ? el("ul", { class: "plain" }, known.map((one) => silenceItem(one, end))) : note(w("noSilences")));
    held.shown = now;
  } catch (error) {
    held.shown = "";
    if (error.name !== "AbortError") place.replaceChildren(failed(error));
  }
}

function stages(seconds) {
  const slowest = Math.max(0.001, ...Object.values(seconds));
  return el("ul", { class: "deductions" }, Object.entries(seconds).map(([stage, took]) =>
    el("li", {}, el("span", {}, stage), bar(took / slowest), el("strong", {}, span(took)))));
}

function component(part) {
  const figures = Object.entries(part.figures).map(([name, value]) => `${figure(name)} ${number(value)}`).join(" · ");
  return el("li", {}, el("strong", {}, `${w(part.kind)}: ${part.name}`), ` – ${w({ ok: "well", degraded: "degraded", off: "off" }[part.state])}`,
    part.detail ? el("span", { class: "failed" }, ` ${part.detail}`) : null, figures ? el("p", { class: "small" }, figures) : null);
}
