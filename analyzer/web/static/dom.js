// Elements from names, attributes and children. Text always goes in as text: nothing here can make markup of a string.

/** An element; children are nodes, strings (as text) or null. `on…` attributes are listeners. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null).map((child) => child instanceof Node ? child : String(child)));
  return made;
}

/** Writes only what differs: an unchanged text costs no layout. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A share of a bar, 0 to 1, set through the style object, which the page's policy allows. */
export function bar(share, tone = "") {
  const filled = el("span", { class: `fill ${tone}` });
  filled.style.inlineSize = `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%`;
  return el("span", { class: "bar", "aria-hidden": "true" }, filled);
}

/** Runs `work` on every item, a few milliseconds a frame, so that many items never hold a frame up. */
export async function inFrames(items, work, milliseconds = 2) {
  let began = performance.now();
  for (const item of items) {
    if (performance.now() - began > milliseconds) {
      await new Promise((go) => requestAnimationFrame(go));
      began = performance.now();
    }
    work(item);
  }
}

/** Puts children into this order with as few moves as it takes. */
export function arrange(parent, wanted) {
  let at = parent.firstChild;
  for (const child of wanted) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}
