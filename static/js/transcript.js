// One session's transcript, live: a line shows at once as the feed tells it, and a moment
// later in the server's words. Lines are kept in chunks, and far ones are let go, so that
// a session of any length stays usable.

import { el } from "./dom.js";
import { fragment, soon } from "./fragments.js";
import * as keys from "./keys.js";
import { announce } from "./say.js";
import { live } from "./socket.js";

const CHUNK = 500; // lines in one tbody, and in one fetch
const CHUNKS = 4; // tbodies that are kept
const PAUSE_MS = 150;
const LINK = / \(why: \S+\)$/; // of a refusal, to the very line that shows it
const NEAR = 48; // px from the end that still count as being there

const pane = /** @type {HTMLElement} */ (document.querySelector("[data-transcript]"));
const details = /** @type {HTMLElement} */ (document.querySelector("[data-details]"));
const table = /** @type {HTMLTableElement} */ (pane.querySelector("table"));
const follow = /** @type {HTMLElement} */ (pane.querySelector("[data-follow]"));
const home = `/sessions/${pane.dataset.transcript}`;
let total = Number(pane.dataset.total); // the last seq that is known to exist
let chosen = Number(new URLSearchParams(location.search).get("exchange")) || 0;
let following = "open" in pane.dataset && !chosen;
/** @type {Set<number>} lines to fetch in the server's words */
const stale = new Set();
let missed = false; // there may be lines after the last one that the feed did not tell

const rows = () => /** @type {HTMLCollectionOf<HTMLElement>} */ (table.getElementsByTagName("tr"));
/** @param {number} seq */
const rowOf = (seq) => document.getElementById(`e${seq}`);
/** @param {Element | null | undefined} row */
const seqOf = (row) => Number(/** @type {HTMLElement | null} */ (row)?.dataset.seq ?? 0);
const first = () => seqOf(rows()[1]);
const last = () => seqOf(rows()[rows().length - 1]);

/** A line until the server's comes. @param {any} exchange */
function sketch(exchange) {
  const { seq, verb, code } = exchange;
  const line = exchange.line || "";
  const told = verb && line.toUpperCase().startsWith(verb) ? line.slice(verb.length) : ` ${line}`;
  const at = Math.round(exchange.received_us / 1000).toLocaleString("en-US");
  const [reply = "", ...more] = exchange.reply;
  const tone = { 2: "ok", 3: "ok", 4: "warn", 5: "bad" }[Math.floor((code ?? 0) / 100)] ?? "";
  return el("tr", { id: `e${seq}`, "data-seq": String(seq) },
    el("td", { class: "at" }, el("a", { href: `${home}?exchange=${seq}#e${seq}`, "aria-label": `Line ${seq}, at ${at} ms` }, at)),
    el("td", { class: "client" }, el("span", { class: "verb" }, verb), told),
    el("td", { class: `reply ${tone}` }, reply.replace(LINK, "") + (more.length ? " …" : "")),
    el("td", { class: "took" }));
}

/** Put a row in place of the one it renews, or at the end. @param {HTMLElement} row */
function put(row) {
  const old = rowOf(seqOf(row));
  const focused = old?.contains(document.activeElement);
  if (seqOf(row) === chosen) row.setAttribute("aria-current", "true");
  if (old) {
    old.replaceWith(row);
    if (focused) row.querySelector("a")?.focus();
    return;
  }
  let chunk = /** @type {HTMLElement} */ (table.tBodies[table.tBodies.length - 1]);
  if (chunk.childElementCount >= CHUNK) table.append((chunk = el("tbody", { "data-lines": true })));
  chunk.append(row);
}

/** Let go of the chunks that are farthest, from the start or from the end. @param {"first" | "last"} end */
function trim(end) {
  while (table.tBodies.length > CHUNKS) table.tBodies[end === "first" ? 0 : table.tBodies.length - 1].remove();
  more("earlier", first() > 1 ? Math.max(0, first() - 1 - CHUNK) : null);
  more("later", last() < total ? last() : null);
}

/**
 * Show or hide the link to lines that are not loaded.
 * @param {"earlier" | "later"} way
 * @param {number | null} after
 */
function more(way, after) {
  let link = /** @type {HTMLAnchorElement | null} */ (pane.querySelector(`[data-more="${way}"]`));
  if (after === null) {
    link?.parentElement?.remove();
    return;
  }
  if (!link) {
    link = /** @type {HTMLAnchorElement} */ (el("a", { "data-more": way }, way === "earlier" ? "Earlier lines" : "Later lines"));
    const line = el("p", { class: "window" }, link);
    if (way === "earlier") table.before(line);
    else table.after(line);
    nearby.observe(link);
  }
  link.href = `${home}?after=${after}`;
}

/** @param {HTMLElement} link */
async function load(link) {
  const way = link.dataset.more === "earlier" ? "earlier" : "later";
  const top = first();
  const after = way === "earlier" ? Math.max(0, top - 1 - CHUNK) : last();
  const limit = way === "earlier" ? top - 1 - after : CHUNK;
  const lines = await fragment(`${home}/exchanges?after=${after}&limit=${limit}`);
  if (way === "later") {
    for (const row of [.../** @type {HTMLCollectionOf<HTMLElement>} */ (lines.children)]) put(row);
    return trim("first");
  }
  const chunk = el("tbody", { "data-lines": true }, lines);
  const height = pane.scrollHeight;
  table.tBodies[0].before(chunk);
  pane.scrollTop += pane.scrollHeight - height;
  return trim("last");
}

/** @type {Promise<void>} one loading at a time */
let loading = Promise.resolve();
const nearby = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    const link = /** @type {HTMLElement} */ (entry.target);
    loading = loading.then(() => (link.isConnected ? load(link) : undefined)).catch(console.error).then(() => {
      if (!link.isConnected) return;
      nearby.unobserve(link); // so that it is told anew if it is still near
      nearby.observe(link);
    });
  }
}, { root: pane, rootMargin: "600px" });

const atEnd = () => pane.scrollHeight - pane.scrollTop - pane.clientHeight < NEAR;

function stick() {
  if (following) pane.scrollTop = pane.scrollHeight;
  follow.hidden = following || atEnd() || !("open" in pane.dataset);
}

const renew = soon(async () => {
  const low = Math.min(...stale);
  const high = Math.min(Math.max(...stale), low + CHUNK - 1);
  for (const seq of stale) if (seq <= high) stale.delete(seq);
  const limit = missed ? CHUNK : high - low + 1;
  const lines = /** @type {HTMLElement[]} */ ([...(await fragment(`${home}/exchanges?after=${low - 1}&limit=${limit}`)).children]);
  for (const row of lines) if (rowOf(seqOf(row)) || seqOf(row) === last() + 1) put(row);
  total = Math.max(total, last());
  missed &&= lines.length === CHUNK;
  if (missed) stale.add(last());
  if (low <= chosen && chosen <= high) explain(chosen);
  trim("first");
  stick();
  if (stale.size) renew();
}, PAUSE_MS);

const renewHead = soon(async () => {
  const head = /** @type {HTMLElement} */ (pane.querySelector("[data-head]"));
  head.replaceChildren(await fragment(`${home}/head`));
  const ended = head.querySelector('[data-ended="yes"]');
  if (ended && "open" in pane.dataset) {
    delete pane.dataset.open;
    announce("The session has ended");
    stick();
  }
}, PAUSE_MS);

/** @param {any} exchange */
function take(exchange) {
  const { seq } = exchange;
  const complete = last() === total;
  total = Math.max(total, seq);
  const row = rowOf(seq);
  if (row) row.querySelector(".reply")?.replaceWith(/** @type {Element} */ (sketch(exchange).querySelector(".reply")));
  else if (complete && seq === last() + 1) put(sketch(exchange));
  else if (!complete || seq < last()) return; // not in the window
  stale.add(Math.min(seq, last() + 1));
}

/** @param {number} seq */
async function explain(seq) {
  try {
    details.replaceChildren(await fragment(`${home}/exchanges/${seq}`));
    delete details.dataset.empty;
  } catch {
    // Not committed yet: its creation will ask again.
  }
}

/**
 * Choose a line: mark it, explain it, and keep it in the URL.
 * @param {number} seq
 * @param {{ focus?: boolean }} [options]
 */
function choose(seq, { focus = false } = {}) {
  const row = rowOf(seq);
  if (!row) return;
  rowOf(chosen)?.removeAttribute("aria-current");
  chosen = seq;
  following = false;
  row.setAttribute("aria-current", "true");
  row.scrollIntoView({ block: "nearest" });
  if (focus) row.querySelector("a")?.focus({ preventScroll: true });
  history.replaceState(null, "", `${home}?exchange=${seq}#e${seq}`);
  stick();
  explain(seq);
}

/** @param {1 | -1} step */
function move(step) {
  const start = step > 0 ? first() - 1 : last() + 1;
  choose((rowOf(chosen) ? chosen : start) + step, { focus: true });
}

table.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const link = target.closest("a, summary, button");
  const row = target.closest("tr");
  const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.button;
  if (!row?.dataset.seq || modified || (link && !link.closest(".at")) || getSelection()?.toString()) return;
  event.preventDefault();
  choose(seqOf(row));
});
pane.addEventListener("scroll", () => {
  const end = atEnd() && last() === total;
  if (end !== following && "open" in pane.dataset) {
    following = end;
    stick();
  }
});
follow.addEventListener("click", async () => {
  if (last() < total) location.assign(home);
  following = true;
  stick();
});
keys.bind({ j: () => move(1), k: () => move(-1) });
for (const link of pane.querySelectorAll("[data-more]")) nearby.observe(link);

live().subscribe(`session:${pane.dataset.transcript}`, {
  load() {
    if (!("open" in pane.dataset)) return;
    // What was missed: replies to lines that had none, and lines that came since.
    if (last() === total) {
      for (const cell of table.querySelectorAll(".reply:empty")) stale.add(seqOf(cell.parentElement));
      stale.add(last() + 1);
      missed = true;
      renew();
    }
    renewHead();
  },
  events(events) {
    for (const event of events) if (event.event.startsWith("exchange.")) take(event);
    if (stale.size) renew();
    renewHead();
    trim("first");
    stick();
  },
});
if (rowOf(chosen)) rowOf(chosen)?.scrollIntoView({ block: "center" });
stick();
