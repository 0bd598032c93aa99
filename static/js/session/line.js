// A line of a transcript from the feed. A line that needs explanations (flags, rules, bodies,
// long replies) is only sketched here: the server's row replaces it.

import { el, svg } from "../core/dom.js";
import { fill, gettext } from "../core/i18n.js";

const LINK = / \(why: \S+\)$/; // of a refusal, to the line that shows it
const MINUTE = 59_950_000; // us: a line that took this long is fetched
const WORTH_A_BAR = 50_000; // us; the same as in inbox.explain.lines
/** @type {Record<number, string>} */
const TONES = { 2: "ok", 3: "ok", 4: "warning", 5: "error" };

/**
 * A duration: "0.2 ms", "41 ms", "1.2 s", "4:05 min". The same as inbox.explain.quantities.duration.
 * @param {number} us
 */
export function duration(us) {
  if (us > 0 && us < 950) return `${(Math.max(us, 100) / 1000).toFixed(1)} ms`;
  if (us < 999_500) return `${(us / 1000).toFixed(0)} ms`;
  if (us < 59_950_000) return `${(us / 1_000_000).toFixed(1)} s`;
  const seconds = Math.round(us / 1_000_000);
  const pair = (/** @type {number} */ whole, /** @type {number} */ rest) => `${whole}:${String(rest).padStart(2, "0")}`;
  return seconds < 3600 ? `${pair(Math.floor(seconds / 60), seconds % 60)} min` : `${pair(Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60)} h`;
}

/**
 * Whether the sketch is complete.
 * @param {any} exchange in the form of API v3
 */
export function isWhole({ kind, code, flags, rule, delayed_us: delayed, reply, ready_us: ready, received_us: received }) {
  const plain = kind === "command" && !flags.length && !rule && !delayed;
  return plain && Boolean(code) && reply.length < 3 && ready - received < MINUTE;
}

/**
 * Make a line's row.
 * @param {string} home the session's URL
 * @param {any} exchange in the form of API v3
 */
export function sketch(home, exchange) {
  const { seq, verb, code, line, reply, ready_us: ready, received_us: received } = exchange;
  const spoken = verb && line.slice(0, verb.length).toUpperCase() === verb ? verb.length : 0;
  const at = duration(received);
  const replied = reply.length < 3 ? reply.join(" ") : `${reply[0]} …`;
  const client = spoken ? [el("span", { class: "verb" }, line.slice(0, spoken)), line.slice(spoken)] : [line];
  return el("tr", { id: `e${seq}`, "data-trouble": code >= 400 },
    el("td", { class: "at" }, el("a", { href: `${home}?exchange=${seq}#e${seq}`, "aria-label": fill(gettext("Line %(seq)s, at %(at)s"), { seq, at }) }, at)),
    el("td", { class: "client" }, ...client),
    el("td", { class: `reply ${TONES[Math.floor((code ?? 0) / 100)] ?? ""}` }, replied.replace(LINK, "")),
    el("td", { class: "took" }, ready === null ? "" : duration(Math.max(0, ready - received))),
    el("td", { class: "fall" }, bar(exchange)));
}

/** The time in which we had the turn; the transcript scales it. @param {any} exchange */
function bar({ received_us: received, ready_us: ready, replied_us: replied }) {
  const end = replied ?? ready;
  const ours = (end ?? received) - received < WORTH_A_BAR ? [] : [svg("rect", { class: "ours", x: received, width: end - received, height: 8 })];
  return svg("svg", { class: "turns", preserveAspectRatio: "none", "aria-hidden": "true" }, ...ours);
}
