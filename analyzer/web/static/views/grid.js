// A grid of feature charts of one host, zoomed together; only those in sight are asked for.

import { get, host as address } from "../api.js";
import { chart } from "../chart.js";
import { arrange, el } from "../dom.js";
import { moment } from "../format.js";
import { failed, note } from "../parts.js";
import { w } from "../words.js";

/** `update` names the features, the range ("1h", or {window, end}), forecasts and incidents to draw on. */
export function chartGrid(name, signal) {
  const node = el("div", { class: "charts" });
  const kept = new Map();
  const state = { range: "1h", forecasts: [], incidents: [] };
  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const one = [...kept.values()].find((candidate) => candidate.place === entry.target);
      if (!one) continue;
      one.seen = entry.isIntersecting;
      if (one.seen && one.due) draw(one);
    }
  }, { rootMargin: "200px" });

  function zoomed(range) {
    for (const one of kept.values()) one.chart.zoom(range);
  }

  function update(features, range, forecasts, incidents) {
    if (range !== state.range) zoomed(null);
    Object.assign(state, { range, forecasts, incidents });
    for (const feature of features) if (!kept.has(feature)) kept.set(feature, added(feature));
    arrange(node, features.map((feature) => kept.get(feature).place));
    for (const feature of features) {
      const one = kept.get(feature);
      one.due = true;
      if (one.seen) draw(one);
    }
  }

  function added(feature) {
    const made = chart(zoomed);
    const problem = el("div");
    const place = el("div", { class: "chartplace" }, made.node, problem);
    sight.observe(place);
    return { feature, chart: made, place, problem, at: 0, seen: false, due: false, busy: false };
  }

  async function draw(one) {
    if (one.busy) return;
    Object.assign(one, { busy: true, due: false });
    try {
      const course = await get(`${address(name)}/series?${asked(one.feature, state.range)}`, signal);
      one.problem.replaceChildren();
      one.at = course.times.at(-1) * 1000;
      one.chart.update(course, ahead(course, state.forecasts.find((forecast) => forecast.feature === one.feature)), state.incidents);
    } catch (error) {
      if (error.name !== "AbortError") one.problem.replaceChildren(failed(error), one.at ? note(w("shownAs", moment(one.at))) : "");
    } finally {
      one.busy = false;
    }
    if (one.due && one.seen && !signal.aborted) draw(one);
  }

  function close() {
    sight.disconnect();
    for (const one of kept.values()) one.chart.close();
  }
  return { node, update, close };
}

function asked(feature, range) {
  const { window, end } = typeof range === "string" ? { window: range } : range;
  return new URLSearchParams({ feature, window, ...(end ? { end } : {}) });
}

/** The part of a forecast that fits beside what was measured: half as long again, and a quarter of an hour at least. */
function ahead(course, forecast) {
  if (!forecast) return null;
  const first = course.times[Math.max(0, course.values.findIndex((value) => value !== null))];
  const last = course.times.at(-1) + Math.max(900, (course.times.at(-1) - first) / 2);
  const points = forecast.points.filter((point) => Date.parse(point.at) / 1000 <= last);
  return { ...forecast, points };
}
