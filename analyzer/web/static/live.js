// What the page knows of now: an event for each cycle, and how old what is shown is.

import { now } from "./api.js";

const CLOSED = 2;
const AGAIN_MS = 3000;
const USUAL_MS = 15000; // until two cycles were seen

/** `at` is the last cycle's time (ms) or null, `dataAt` that of its newest value; `connected` whether the stream stands; `every` the usual gap (ms or null). */
export const live = { at: null, dataAt: null, connected: false, every: null, source: "", fallback: "", failures: 0, summary: null };
const listeners = new Set();

/** Calls back with what changed: "report" or "connection". Gives what ends it. */
export function listen(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

/** Age in whole seconds of the last cycle; null before there is one. */
export const age = () => since(live.at);

/** Age of what is shown: where nobody served the last cycle, it looked at what was known before. */
export const dataAge = () => (live.source || live.dataAt === null ? age() : since(live.dataAt));

const since = (at) => (at === null ? null : Math.max(0, Math.round((now() - at) / 1000)));

/** Old: three cycles late. */
export const old = () => live.at !== null && now() - live.at > Math.max(10000, 3 * (live.every ?? USUAL_MS) + 2000);

export function connect() {
  const source = new EventSource("/api/v1/events");
  source.addEventListener("open", () => connection(true));
  source.addEventListener("report", (event) => report(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    connection(false);
    if (source.readyState === CLOSED) setTimeout(connect, AGAIN_MS); // the browser itself tries again otherwise
  });
  addEventListener("pagehide", () => source.close());
}

function report(summary) {
  const at = Date.parse(summary.at);
  if (live.at !== null && at > live.at) live.every = live.every === null ? at - live.at : 0.7 * live.every + 0.3 * (at - live.at);
  Object.assign(live, {
    at, dataAt: summary.data_at === null ? null : Date.parse(summary.data_at), summary, source: summary.source, fallback: summary.fallback_reason, failures: summary.failures, connected: true,
  });
  for (const callback of [...listeners]) callback("report");
}

function connection(connected) {
  if (live.connected === connected) return;
  live.connected = connected;
  for (const callback of [...listeners]) callback("connection");
}
