// One session's live transcript: a line appears at once as a sketch from the feed, and a moment
// later as the server's row. One line is selected; its explanation is shown next to it.

import { $, $$, closest, find, isModified } from "../core/dom.js";
import { askedFor, fragment, load, morph, renewal } from "../core/fragments.js";
import { gettext } from "../core/i18n.js";
import * as keys from "../core/keys.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import { soon } from "../core/timing.js";
import { announce } from "../core/toast.js";
import * as divider from "../widgets/divider.js";
import { restore } from "../widgets/framework.js";
import { CHUNK, Chunks, rowOf, seqOf } from "./chunks.js";
import { isWhole, sketch } from "./line.js";

const PAUSE_MS = 300;
const HEAD_PAUSE_MS = 1000;
const NEAR = 48; // px from the end that still count as the end
const LONG_GAP = 1_000_000; // us of silence; the server's row shows it

const pane = $("[data-transcript]");
const details = $("[data-details]");
const table = $("table", pane, HTMLTableElement);
const follow = $("[data-follow]", pane);
const home = routes.session(pane.dataset.transcript ?? "");
let chosen = seqOf(find("tr[aria-current]", table)) || Number(new URLSearchParams(location.search).get("exchange")) || 0;
let following = "open" in pane.dataset && !chosen;
/** @type {Set<number>} lines whose server rows must be fetched */
const stale = new Set();
let behind = false; // there may be lines after the last one that the feed did not send
/** @type {Set<number> | null} lines that the feed sent during a fetch from the server */
let heard = null;
let spokenAt = 0; // us, the end of the last exchange of the feed
let placed = 0; // px, where the pane was scrolled to by the last line

const chunks = new Chunks(pane, table, (after, limit) => lines(`after=${after}&limit=${limit}`));
chunks.total = Number(pane.dataset.total);

/** Draw the bars of all rows in the scale of the newest. @param {string | null | undefined} box of the newest bar */
function rescale(box) {
  if (!box) return;
  for (const turns of table.querySelectorAll("svg.turns")) if (turns.getAttribute("viewBox") !== box) turns.setAttribute("viewBox", box);
}

/** Fetch the server's rows of lines. @param {string} query @param {typeof fragment} get @returns {Promise<HTMLElement[]>} */
async function lines(query, get = fragment) {
  const rows = $$("tr", await get(`${home}/exchanges?${query}`));
  if ("open" in pane.dataset) rescale(rows[0]?.querySelector("svg.turns")?.getAttribute("viewBox"));
  for (const row of rows) if (seqOf(row) === chosen) row.setAttribute("aria-current", "true");
  return rows;
}

/**
 * Fetch lines that may already be shown. If the feed sends one of them meanwhile, its data may be
 * newer: that line stays, and is fetched again.
 * @param {string} query
 */
async function renewed(query) {
  heard = new Set();
  try {
    const rows = await lines(query, renewal);
    noticeScroll();
    const older = rows.filter((row) => heard?.has(seqOf(row)));
    for (const row of older) stale.add(seqOf(row));
    return rows.filter((row) => !older.includes(row) || !rowOf(seqOf(row)));
  } finally {
    heard = null;
  }
}

const atEnd = () => pane.scrollHeight - pane.scrollTop - pane.clientHeight < NEAR;

function stick() {
  if (following) pane.scrollTop = pane.scrollHeight;
  placed = pane.scrollTop;
  follow.hidden = following || atEnd() || !("open" in pane.dataset);
}

/**
 * Stop following if the user has scrolled up. The browser reports that only with the next frame:
 * a line before that would take the user back to the end.
 */
function noticeScroll() {
  if (!following || pane.scrollTop >= placed || atEnd()) return;
  following = false;
  stick();
}

/** Load the lines after the last one; scroll to the end if the user follows it. */
async function catchUp() {
  behind = false;
  const end = await renewed(`last=${following ? CHUNK : 1}`).catch((error) => {
    behind = true;
    throw error;
  });
  chunks.total = Math.max(chunks.total, seqOf(end[end.length - 1]));
  if (seqOf(end[0]) <= chunks.last + 1) for (const row of end) chunks.put(row);
  else if (following) chunks.reset(end);
}

async function renewStale() {
  const low = Math.min(...stale);
  const high = Math.min(Math.max(...stale), low + CHUNK - 1);
  const asked = [...stale].filter((seq) => seq <= high);
  for (const seq of asked) stale.delete(seq); // now, before the feed sends more
  const rows = await renewed(`after=${low - 1}&limit=${high - low + 1}`).catch((error) => {
    for (const seq of asked) stale.add(seq);
    throw error;
  });
  for (const row of rows) {
    if (rowOf(seqOf(row)) || seqOf(row) === chunks.last + 1) chunks.put(row);
  }
  if (low <= chosen && chosen <= high) explainAgain(chosen);
}

const renew = soon(async () => {
  if (behind) await catchUp();
  if (stale.size) await renewStale();
  settle();
  if (stale.size) renew();
}, PAUSE_MS);

/** Update the page after a change at the end. */
function settle() {
  chunks.keepPlace(() => chunks.trim(following ? "first" : "last"));
  stick();
}

const renewHead = soon(async () => {
  const head = $("[data-head]", pane);
  const failed = find(".diagnosis", head);
  morph(head, await renewal(`${home}/head`));
  if (!failed) restore(head);
  const ended = head.querySelector('[data-ended="yes"]');
  if (ended && "open" in pane.dataset) {
    delete pane.dataset.open;
    announce(gettext("The session has ended"));
    stick();
  }
}, HEAD_PAUSE_MS);

/** @param {any} exchange */
function take(exchange) {
  const { seq, received_us: received, replied_us: replied } = exchange;
  const complete = chunks.last === chunks.total;
  const silent = spokenAt && received - spokenAt > LONG_GAP;
  spokenAt = Math.max(spokenAt, replied ?? received);
  heard?.add(seq);
  chunks.total = Math.max(chunks.total, seq);
  if (rowOf(seq) || (complete && seq === chunks.last + 1)) put(sketch(home, exchange));
  else behind ||= following;
  if (!rowOf(seq)) return;
  if (silent || !isWhole(exchange)) stale.add(seq);
  else if (seq === chosen) explainAgain(seq);
}

/** Add a sketch, in the scale of the earlier rows. @param {HTMLElement} row */
function put(row) {
  const scale = table.querySelector("svg.turns[viewBox]")?.getAttribute("viewBox");
  if (scale) row.querySelector("svg.turns")?.setAttribute("viewBox", scale);
  if (seqOf(row) === chosen) row.setAttribute("aria-current", "true");
  chunks.put(row);
}

/** @param {number} seq */
const explanation = (seq) => `${home}/exchanges/${seq}`;

/** @param {number} seq @param {typeof morph} [show] @returns {Promise<boolean>} whether it is shown */
async function explain(seq, show) {
  try {
    if (!(await load(details, explanation(seq), show))) return false;
  } catch {
    return false; // Not committed yet: its creation event will request it again.
  }
  delete details.dataset.empty;
  delete details.dataset.preselected;
  return true;
}

/** Explain a changed line again, unless the user has opened another explanation since. @param {number} seq */
function explainAgain(seq) {
  if ([undefined, explanation(seq)].includes(askedFor(details))) explain(seq, morph);
}

/**
 * Select a line: mark it, explain it, and put it into the URL.
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
  if (focus) find("a", row)?.focus({ preventScroll: true });
  history.replaceState(null, "", `${home}?exchange=${seq}#e${seq}`);
  stick();
  const at = pane.scrollTop;
  explain(seq).then((shown) => {
    // The panel may have moved the line, and the user may have scrolled.
    if (shown && pane.scrollTop === at) rowOf(seq)?.scrollIntoView({ block: "nearest" });
  });
}

/** @param {1 | -1} step */
function move(step) {
  const start = step > 0 ? chunks.first - 1 : chunks.last + 1;
  choose((rowOf(chosen) ? chosen : start) + step, { focus: true });
}

/** Select the next line with trouble; if it is not loaded, the server finds it. @param {1 | -1} step */
function moveToTrouble(step) {
  const seqs = $$("tr[data-trouble]", table).map(seqOf).filter((seq) => (step > 0 ? seq > chosen : !chosen || seq < chosen));
  if (seqs.length) choose(step > 0 ? seqs[0] : seqs[seqs.length - 1], { focus: true });
  else if (step > 0 && chunks.last < chunks.total) location.assign(`${home}/trouble?after=${Math.max(chosen, chunks.last)}`);
  else if (step < 0 && chunks.first > 1) location.assign(`${home}/trouble?before=${Math.min(chosen || chunks.first, chunks.first)}`);
  else announce(step > 0 ? gettext("No more problems further down") : gettext("No more problems further up"));
}

table.addEventListener("click", (event) => {
  const link = closest(event.target, "a, summary, button");
  const row = closest(event.target, "tr");
  if (!row?.id || isModified(event) || (link && !link.closest(".at")) || getSelection()?.toString()) return;
  event.preventDefault();
  choose(seqOf(row));
});
pane.addEventListener("scroll", () => {
  if (!("open" in pane.dataset) || following === atEnd()) return;
  following = !following && chunks.last === chunks.total;
  stick();
});
follow.addEventListener("click", () => {
  following = true;
  behind = chunks.last < chunks.total;
  renew();
  stick();
});
keys.bind({
  j: () => move(1),
  k: () => move(-1),
  n: () => moveToTrouble(1),
  N: () => moveToTrouble(-1),
  G: () => follow.click(),
  u: () => location.assign(routes.sessions),
});
live().subscribe(`session:${pane.dataset.transcript}`, {
  load() {
    if (!("open" in pane.dataset)) return;
    // Load missed events: replies to lines without one, and new lines.
    for (const cell of table.querySelectorAll(".reply:empty")) stale.add(seqOf(cell.parentElement));
    behind = true;
    renew();
    renewHead();
  },
  events(events) {
    noticeScroll();
    for (const event of events) if (event.event.startsWith("exchange.")) take(event);
    if (behind || stale.size) renew();
    renewHead();
    settle();
  },
});
divider.start();
chunks.trim("last");
// The trouble is shown at the top, so do not scroll to the line that the server selected.
if (!("preselected" in details.dataset)) rowOf(chosen)?.scrollIntoView({ block: "center" });
stick();
