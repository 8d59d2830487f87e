// The analyzer's documented HTTP API. Every failure is a Refusal that says why.

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** An IANA name; some browsers know none. */
export function timezone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return !zone || zone === "Etc/Unknown" ? "UTC" : zone;
}

let ahead = 0; // how far this clock is ahead of the server's, in ms

/** The server's time, as far as it is known: ages must not depend on this machine's clock. */
export const now = () => Date.now() - ahead;

export const get = (path, signal) => ask(path, { signal });
/** The same with times in sentences as they are here. */
export const spoken = (path, signal) => get(`${path}${path.includes("?") ? "&" : "?"}timezone=${encodeURIComponent(timezone())}`, signal);
export const host = (name) => `/api/v1/hosts/${encodeURIComponent(name)}`;

export function send(method, path, body, signal) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  return ask(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
}

/** Gives each event of a question's answer to `take(kind, data)` as it comes; whole at once where nothing streams. */
export async function stream(question, take, signal) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  const response = await answered("/api/v1/query", { method: "POST", headers, body: JSON.stringify(question), signal });
  if (response.status === 503) return take("answer", await send("POST", "/api/v1/query", question, signal));
  if (!response.ok) throw await refusal(response);
  let rest = "";
  for await (const text of texts(response.body)) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) event(block, take);
  }
}

async function* texts(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

function event(block, take) {
  const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const kind = field("event");
  if (!kind) return;
  const data = JSON.parse(field("data"));
  if (kind === "error") throw new Refusal(503, data.error.message);
  take(kind, data);
}

async function ask(path, options) {
  const response = await answered(path, options);
  if (!response.ok) throw await refusal(response);
  return response.json();
}

async function answered(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, error.message);
  }
  const date = Date.parse(response.headers.get("Date") ?? "");
  // The header has whole seconds: only a clock that is off by more than that is corrected.
  if (date) ahead = Math.abs(Date.now() - date) > 2000 ? Date.now() - date : 0;
  return response;
}

async function refusal(response) {
  try {
    return new Refusal(response.status, (await response.json()).error.message);
  } catch {
    return new Refusal(response.status, `HTTP ${response.status}`);
  }
}
