// One session's transcript, live: a line shows at once as the feed tells it, and a moment
// later in the server's words. Lines are kept in chunks, and far ones are let go, so that
// a session of any length stays usable.

import { el } from "./dom.js";
import { fragment, soon } from "./fragments.js";
import * as keys from "./keys.js";
import { isWhole, sketch } from "./lines.js";
import { announce } from "./say.js";
import { live } from "./socket.js";

const CHUNK = 500; // lines in one tbody, and in one fetch
const CHUNKS = 4; // tbodies that are kept
const PAUSE_MS = 300;
const HEAD_PAUSE_MS = 1000;
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
let behind = false; // there may be lines after the last one that the feed did not tell

const rows = () => /** @type {HTMLCollectionOf<HTMLElement>} */ (table.getElementsByTagName("tr"));
/** @param {number} seq */
const rowOf = (seq) => document.getElementById(`e${seq}`);
/** @param {Element | null | undefined} row */
const seqOf = (row) => Number(row?.id.slice(1) ?? 0);
const first = () => seqOf(rows()[1]);
const last = () => seqOf(rows()[rows().length - 1]);

/** Draw the bars of all rows on the scale of the newest. @param {string | null | undefined} box of the newest bar */
function rescale(box) {
  if (!box) return;
  for (const bar of table.querySelectorAll("svg.turns")) if (bar.getAttribute("viewBox") !== box) bar.setAttribute("viewBox", box);
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
  if (chunk.childElementCount >= CHUNK) table.append((chunk = el("tbody")));
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

/** Fetch lines in the server's words. @param {string} query @returns {Promise<HTMLElement[]>} */
async function lines(query) {
  const { children } = await fragment(`${home}/exchanges?${query}`);
  if ("open" in pane.dataset) rescale(children[0]?.querySelector("svg.turns")?.getAttribute("viewBox"));
  return [.../** @type {HTMLCollectionOf<HTMLElement>} */ (children)];
}

/** @param {HTMLElement} link */
async function load(link) {
  const way = link.dataset.more === "earlier" ? "earlier" : "later";
  const top = first();
  const after = way === "earlier" ? Math.max(0, top - 1 - CHUNK) : last();
  const limit = way === "earlier" ? top - 1 - after : CHUNK;
  const loaded = await lines(`after=${after}&limit=${limit}`);
  if (way === "later") {
    for (const row of loaded) put(row);
    return trim("first");
  }
  const chunk = el("tbody", {}, ...loaded);
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

/** Learn what came after the last line: one who follows is brought to the end. */
async function catchUp() {
  behind = false;
  const end = await lines(`last=${following ? CHUNK : 1}`);
  total = Math.max(total, seqOf(end[end.length - 1]));
  if (seqOf(end[0]) > last() + 1) {
    if (!following) return;
    for (const chunk of [...table.tBodies]) chunk.remove();
    table.append(el("tbody"));
  }
  for (const row of end) put(row);
}

async function renewStale() {
  const low = Math.min(...stale);
  const high = Math.min(Math.max(...stale), low + CHUNK - 1);
  for (const seq of stale) if (seq <= high) stale.delete(seq);
  for (const row of await lines(`after=${low - 1}&limit=${high - low + 1}`)) {
    if (rowOf(seqOf(row)) || seqOf(row) === last() + 1) put(row);
  }
  if (low <= chosen && chosen <= high) explain(chosen);
}

const renew = soon(async () => {
  if (behind) await catchUp();
  if (stale.size) await renewStale();
  trim(following ? "first" : "last");
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
}, HEAD_PAUSE_MS);

/** @param {any} exchange */
function take(exchange) {
  const { seq } = exchange;
  const complete = last() === total;
  total = Math.max(total, seq);
  if (rowOf(seq) || (complete && seq === last() + 1)) put(sketch(home, exchange));
  else behind ||= following;
  if (!rowOf(seq)) return;
  if (!isWhole(exchange)) stale.add(seq);
  else if (seq === chosen) explain(seq);
}

/** @param {number} seq */
async function explain(seq) {
  try {
    const told = await fragment(`${home}/exchanges/${seq}`);
    if (seq !== chosen) return; // another one was chosen meanwhile
    details.replaceChildren(told);
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

/** Choose the next line in trouble; the server knows where it is if it is not loaded. @param {1 | -1} step */
function moveToTrouble(step) {
  const troubled = /** @type {NodeListOf<HTMLElement>} */ (table.querySelectorAll("tr[data-trouble]"));
  const seqs = [...troubled].map(seqOf).filter((seq) => (step > 0 ? seq > chosen : !chosen || seq < chosen));
  if (seqs.length) choose(step > 0 ? seqs[0] : seqs[seqs.length - 1], { focus: true });
  else if (step > 0 && last() < total) location.assign(`${home}/trouble?after=${Math.max(chosen, last())}`);
  else if (step < 0 && first() > 1) location.assign(`${home}/trouble?before=${Math.min(chosen || first(), first())}`);
  else announce(step > 0 ? "No trouble further down" : "No trouble further up");
}

table.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const link = target.closest("a, summary, button");
  const row = target.closest("tr");
  const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.button;
  if (!row?.id || modified || (link && !link.closest(".at")) || getSelection()?.toString()) return;
  event.preventDefault();
  choose(seqOf(row));
});
pane.addEventListener("scroll", () => {
  if (!("open" in pane.dataset) || following === atEnd()) return;
  following = !following && last() === total;
  stick();
});
follow.addEventListener("click", () => {
  following = true;
  behind = last() < total;
  renew();
  stick();
});
keys.bind({
  j: () => move(1),
  k: () => move(-1),
  n: () => moveToTrouble(1),
  N: () => moveToTrouble(-1),
  G: () => follow.click(),
  u: () => location.assign("/sessions"),
});
for (const link of pane.querySelectorAll("[data-more]")) nearby.observe(link);

live().subscribe(`session:${pane.dataset.transcript}`, {
  load() {
    if (!("open" in pane.dataset)) return;
    // What was missed: replies to lines that had none, and lines that came since.
    for (const cell of table.querySelectorAll(".reply:empty")) stale.add(seqOf(cell.parentElement));
    behind = true;
    renew();
    renewHead();
  },
  events(events) {
    for (const event of events) if (event.event.startsWith("exchange.")) take(event);
    if (behind || stale.size) renew();
    renewHead();
    trim(following ? "first" : "last");
    stick();
  },
});
if (rowOf(chosen)) rowOf(chosen)?.scrollIntoView({ block: "center" });
stick();
