// One feature's course as a chart: measured, usual range, forecast with its interval, and where an incident was.

import { el, mark, say } from "./dom.js";
import { amount, usual } from "./format.js";
import { told, w } from "./words.js";

const HEIGHT = 160;
// Steps of an axis of bytes: powers of two read as whole KiB, MiB and so on.
const BINARY_STEPS = Array.from({ length: 60 }, (_, power) => 2 ** power);
const GROUP = "charts";

/** `node` goes into the page; `update` draws; `zoom(null)` shows all again. `zoomed(min, max)` tells of a drag. */
export function chart(zoomed) {
  const title = el("h3", {});
  const reading = el("p", { class: "reading" });
  const place = el("div", { class: "plot", role: "img", "aria-label": w("loading") });
  const node = el("figure", { class: "chart" }, el("figcaption", {}, title, reading), place);
  const shown = { course: null, incidents: [], low: 0, high: 1, zoom: null };
  let plot = null;

  function update(whole, forecast, incidents) {
    const course = begun(whole);
    Object.assign(shown, { course, incidents });
    const data = joined(course, forecast);
    [shown.low, shown.high] = extent(course, forecast);
    say(title, told(course.meaning));
    const known = course.values.filter((value) => value !== null);
    say(reading, readingOf(course, known));
    mark(place, "aria-label", known.length
      ? w("chartSays", told(course.meaning), amount(known.at(-1), course.unit), amount(Math.min(...known), course.unit), amount(Math.max(...known), course.unit))
      : `${told(course.meaning)}: ${w("noData")}`);
    if (plot === null) plot = new uPlot(options(place, shown, reading, zoomed), data, place);
    else plot.setData(data, shown.zoom === null);
    if (shown.zoom !== null) plot.setScale("x", shown.zoom);
  }

  function zoom(range) {
    shown.zoom = range;
    if (plot === null) return;
    const times = plot.data[0];
    plot.setScale("x", range ?? { min: times[0], max: times.at(-1) });
  }

  const watcher = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height: HEIGHT }));
  watcher.observe(place);
  return { node, update, zoom, close: () => { watcher.disconnect(); plot?.destroy(); } };
}

function readingOf(course, known) {
  const range = usual(course.usual?.low, course.usual?.high, course.unit);
  return known.length ? [amount(known.at(-1), course.unit), range].filter(Boolean).join(" · ") : w("noData");
}

/** Without a long gap at its beginning: a host that is known for minutes is shown for minutes. */
function begun(course) {
  const first = course.values.findIndex((value) => value !== null);
  if (first < course.values.length / 2) return course;
  return { ...course, times: course.times.slice(first), values: course.values.slice(first) };
}

/** Times of both, with gaps where only one of them has a value; the forecast begins where measuring ends. */
function joined(course, forecast) {
  const shown = (forecast?.points ?? []).filter((point) => Date.parse(point.at) / 1000 > course.times.at(-1));
  const gap = new Array(shown.length).fill(null);
  const before = new Array(course.times.length).fill(null);
  const lines = ["point", "upper", "lower"].map((name) => [...before, ...shown.map((point) => point[name])]);
  if (shown.length) for (const line of lines) line[before.length - 1] = course.values.at(-1);
  return [[...course.times, ...shown.map((point) => Date.parse(point.at) / 1000)], [...course.values, ...gap], ...lines];
}

/** From 0 (or below) to a little above all that is measured, usual or expected; intervals may leave the frame. */
function extent(course, forecast) {
  const points = (forecast?.points ?? []).map((point) => point.point);
  const all = [...course.values, ...points, course.usual?.low, course.usual?.high].filter(Number.isFinite);
  const high = Math.max(0, ...all);
  const low = Math.min(0, ...all);
  return high > low ? [low, high + 0.08 * (high - low)] : [low, low + 1];
}

function options(place, shown, reading, zoomed) {
  const colour = colours(place);
  const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  return {
    width: place.clientWidth || 300, height: HEIGHT, legend: { show: false }, padding: [8, 8, 0, 0],
    cursor: { sync: { key: GROUP }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: () => [shown.low, shown.high] } },
    axes: [
      { ...axis, size: 26, space: 70, values: (_plot, times) => times.map(clock(times)) },
      { ...axis, size: 66, ...(shown.course.unit.startsWith("bytes") ? { incrs: BINARY_STEPS } : {}), values: (_plot, ticks) => ticks.map((tick) => amount(tick, shown.course.unit)) },
    ],
    series: [
      {},
      { stroke: colour("--accent"), width: 1.5, points: { show: false } },
      { stroke: colour("--accent"), width: 1.5, dash: [5, 4], points: { show: false } },
      { stroke: "transparent", points: { show: false } },
      { stroke: "transparent", points: { show: false } },
    ],
    bands: [{ series: [3, 4], fill: colour("--expected") }],
    hooks: {
      drawClear: [(plot) => backdrop(plot, shown, colour)],
      setSelect: [(plot) => {
        if (plot.select.width < 4) return;
        zoomed({ min: plot.posToVal(plot.select.left, "x"), max: plot.posToVal(plot.select.left + plot.select.width, "x") });
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
      setCursor: [(plot) => {
        const value = plot.cursor.idx == null ? null : plot.data[1][plot.cursor.idx] ?? plot.data[2][plot.cursor.idx];
        if (value == null) say(reading, readingOf(shown.course, shown.course.values.filter((known) => known !== null)));
        else say(reading, `${clock([])(plot.data[0][plot.cursor.idx])} · ${amount(value, shown.course.unit)}`);
      }],
      ready: [(plot) => plot.over.addEventListener("dblclick", () => zoomed(null))],
    },
  };
}

/** The usual band, the limit, and every incident's stretch. */
function backdrop(plot, shown, colour) {
  const { ctx, bbox } = plot;
  const across = (from, to) => [from, to].map((time) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(time, "x", true))));
  const up = (value) => Math.min(bbox.top + bbox.height, Math.max(bbox.top, plot.valToPos(value, "y", true)));
  ctx.save();
  if (shown.course.usual) {
    ctx.fillStyle = colour("--usual");
    const [top, bottom] = [up(shown.course.usual.high), up(shown.course.usual.low)];
    ctx.fillRect(bbox.left, top, bbox.width, Math.max(2, bottom - top));
  }
  // One shape for all, so that those which overlap look no worse than one. What this feature had no part in is a strip.
  const struck = new Path2D();
  for (const incident of shown.incidents) {
    const end = incident.ends_at ? Date.parse(incident.ends_at) / 1000 : shown.course.times.at(-1);
    const [left, right] = across(Date.parse(incident.starts_at) / 1000, end);
    const own = incident.causes.some((cause) => cause.feature === shown.course.feature);
    const height = own ? bbox.height : 5 * devicePixelRatio;
    struck.rect(left, bbox.top + bbox.height - height, Math.max(2, right - left), height);
  }
  ctx.fillStyle = colour("--struck");
  ctx.fill(struck);
  const limit = shown.course.limit;
  if (limit !== null && limit > shown.low && limit < shown.high) {
    ctx.fillStyle = colour("--critical");
    ctx.fillRect(bbox.left, up(limit), bbox.width, 1);
  }
  ctx.restore();
}

function clock(times) {
  const [days, seconds] = times.length > 1 ? [times.at(-1) - times[0] > 86400, times[1] - times[0] < 60] : [false, false];
  const time = { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) };
  const form = days ? { month: "numeric", day: "numeric", hour: "2-digit" } : time;
  return (time) => new Date(time * 1000).toLocaleString(document.documentElement.lang, { ...form, hourCycle: "h23" });
}

/** The style sheet's colours, as a canvas needs them: resolved for the theme that is on. */
function colours(place) {
  const kept = new Map();
  return (name) => {
    if (!kept.has(name)) {
      const probe = el("span");
      probe.style.color = `var(${name})`;
      place.append(probe);
      kept.set(name, getComputedStyle(probe).color);
      probe.remove();
    }
    return kept.get(name);
  };
}
