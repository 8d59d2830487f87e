// Numbers, spans and times as people read them: the same forms as the analyzer's own sentences.

import { language, w } from "./words.js";

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const SPANS = [[86400, " d", "일"], [3600, " h", "시간"], [60, " min", "분"], [1, " s", "초"]];

export function number(value) {
  if (Math.abs(value) >= 99.5) return Math.round(value).toLocaleString("en");
  const digits = value ? 2 - Math.floor(Math.log10(Math.abs(value))) : 0;
  return String(Number(value.toFixed(Math.min(Math.max(digits, 0), 4))));
}

/** A value in a unit of the catalogue: ratio (as %), bytes, seconds, celsius, count; "/s" for rates. */
export function amount(value, unit) {
  if (value == null || !Number.isFinite(value)) return "–";
  const rate = unit.endsWith("/s") ? "/s" : "";
  const quantity = rate ? unit.slice(0, -2) : unit;
  if (quantity === "ratio") return `${number(value * 100)}%${rate}`;
  if (quantity === "bytes") return bytes(value) + rate;
  if (quantity === "seconds") return span(value) + rate;
  if (quantity === "celsius") return `${number(value)} °C`;
  return number(value) + rate;
}

export function span(seconds) {
  const size = Math.abs(seconds);
  if (size > 0 && size < 1) return size < 1e-3 ? `${number(seconds * 1e6)} µs` : `${number(seconds * 1e3)} ms`;
  if (size < 60) return piece(number(seconds), SPANS[3]);
  let left = Math.round(size);
  const parts = [];
  for (const unit of SPANS) {
    const count = Math.floor(left / unit[0]);
    left -= count * unit[0];
    if (parts.length) {
      if (count) parts.push(piece(count, unit));
      break;
    }
    if (count) parts.push(piece(count, unit));
  }
  return (seconds < 0 ? "-" : "") + parts.join(" ");
}

/** A time of day where it is today, else with its day; in this browser's zone. */
export function moment(at) {
  const time = new Date(at);
  const today = time.toDateString() === new Date().toDateString();
  const day = today ? {} : { month: "short", day: "numeric" };
  return time.toLocaleString(language(), { ...day, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

export function when(at) {
  return new Date(at).toLocaleString(language(), { dateStyle: "medium", timeStyle: "long" });
}

/** Like "usually 2 MiB/s to 9 MiB/s"; one number where both ends read the same; empty when either is unknown. */
export function usual(low, high, unit) {
  if (low == null || high == null) return "";
  const [least, most] = [amount(low, unit), amount(high, unit)];
  return least === most ? w("usualOne", least) : w("usual", least, most);
}

const piece = (count, [, english, korean]) => `${count}${language() === "ko" ? korean : english}`;

function bytes(value) {
  let power = Math.abs(value) >= 1 ? Math.min(Math.floor(Math.log(Math.abs(value)) / Math.log(1024)), 5) : 0;
  if (power < 5 && Math.round(Math.abs(value) / 1024 ** power) >= 1024) power += 1;
  return `${number(value / 1024 ** power)} ${BINARY[power]}`;
}
