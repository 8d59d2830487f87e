// The page's frame: which view is shown, in which language and theme, how old it is. Knows nothing of hosts.

import { el, say } from "./dom.js";
import { span } from "./format.js";
import { age, connect, dataAge, listen, live, old } from "./live.js";
import { failed } from "./parts.js";
import * as overview from "./views/overview.js";
import { language, speak, w } from "./words.js";

const VIEWS = {
  "": () => overview,
  host: () => import("./views/host.js"),
  incident: () => import("./views/incident.js"),
  ask: () => import("./views/ask.js"),
  status: () => import("./views/status.js"),
};
const THEMES = ["auto", "light", "dark"];
const main = document.getElementById("main");
let shown = { close() {}, refresh() {} };
let turn = 0;

async function show() {
  const mine = (turn += 1);
  const [name = "", ...rest] = location.hash.replace(/^#\/?/, "").split("?")[0].split("/");
  shown.close();
  shown = { close() {}, refresh() {} };
  frame(name);
  try {
    const view = VIEWS[name] ? await VIEWS[name]() : null;
    if (mine !== turn) return;
    main.replaceChildren();
    if (view === null) main.append(el("p", {}, w("nothingThere")));
    else shown = view.show(main, decodeURIComponent(rest.join("/")));
  } catch (error) {
    main.replaceChildren(failed(error));
  }
}

function frame(current) {
  const links = [["", w("overview")], ["ask", w("ask")], ["status", w("status")]];
  document.getElementById("nav").setAttribute("aria-label", w("navigation"));
  document.getElementById("nav").replaceChildren(...links.map(([name, text]) =>
    el("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, text)));
  document.getElementById("skip").textContent = w("skip");
  document.getElementById("switches").replaceChildren(
    el("button", { type: "button", lang: language() === "ko" ? "en" : "ko", id: "language", onclick: otherLanguage }, w("language")),
    el("button", { type: "button", id: "theme", title: themeWord(), "aria-label": themeWord(), onclick: otherTheme }, { auto: "◐", light: "☀", dark: "☾" }[theme()]));
  aged();
}

function aged() {
  const seconds = dataAge();
  const text = seconds === null ? w("waiting") : w("old", span(seconds));
  const place = document.getElementById("age");
  say(place, text);
  place.classList.toggle("stale", old() || !live.connected || !live.source);
  const banner = document.getElementById("banner");
  const warning = trouble();
  banner.hidden = !warning;
  say(banner, warning);
}

/** What makes that which is shown less than the present truth; empty when nothing does. */
function trouble() {
  if (live.at === null) return "";
  const ago = span(dataAge());
  if (!live.connected && age() > 3) return w("cut", ago);
  if (old()) return w("stale", ago);
  if (!live.source) return w("nobody", live.fallback, span(dataAge()));
  return live.fallback ? w("fallback", live.source, live.fallback) : "";
}

function otherLanguage() {
  speak(language() === "ko" ? "en" : "ko");
  show();
  document.getElementById("language").focus();
}

const theme = () => document.documentElement.dataset.theme ?? "auto";
const themeWord = () => w({ auto: "themeAuto", light: "themeLight", dark: "themeDark" }[theme()]);

function otherTheme() {
  wear(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
  show();
  document.getElementById("theme").focus();
}

function wear(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem("theme", name);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

function kept() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

if (THEMES.includes(kept())) wear(kept());
speak(language());
listen((what) => {
  aged();
  if (what === "report") shown.refresh();
});
addEventListener("hashchange", () => {
  show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the view
  main.focus();
});
setInterval(aged, 1000);
show();
connect();
