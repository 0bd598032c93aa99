// The inbox: a windowed list kept true by the live feed, and the message in the pane.

import { choosing } from "./bulk-actions.js";
import { getJSON, setText } from "../core/dom.js";
import { Feed } from "./feed.js";
import { Folds, isFold } from "./folds.js";
import { count } from "../core/format.js";
import { bind } from "../core/keys.js";
import { List } from "./list.js";
import * as marks from "./marks.js";
import * as message from "./message.js";
import * as pane from "./pane.js";
import { fill as fillRow, make } from "./row.js";
import { announce, toast } from "../core/toast.js";
import { live } from "../core/socket.js";
import { fill, gettext, ngettext } from "../core/i18n.js";

/** @typedef {import("./folds.js").Item} Item */

const OLDER = 500; // entries in a page of older ones
const SEARCH_AGAIN_MS = 2000;

const scroller = /** @type {HTMLElement} */ (document.getElementById("scroller"));
const box = /** @type {HTMLElement} */ (document.getElementById("entries"));
const bar = /** @type {HTMLButtonElement} */ (document.getElementById("new-messages"));
const empty = /** @type {HTMLElement} */ (document.getElementById("empty"));
const query = scroller.dataset.query ?? "";
const refused = scroller.dataset.refused ?? "show";
const home = query ? `/?${new URLSearchParams({ q: query })}` : "/";

let pointerOver = false;
/** @type {string} the id that the pane shows */
let open = "";
/** @type {string} the id of the row that j and k go on from */
let cursor = "";

const feed = new Feed({
  fetch(after) {
    const parameters = new URLSearchParams({ q: query, refused });
    if (after) for (const [name, value] of [["cursor", after], ["limit", String(OLDER)]]) parameters.set(name, value);
    return getJSON(`/entries?${parameters}`);
  },
  changed: () => list.invalidate(),
  failed: (error) => toast(fill(gettext("The list could not be read: %(why)s"), { why: error.message })),
  folded: () => rows.hidden,
});
const rows = new Folds(feed.store);

const list = new List(scroller, box, {
  ready: () => feed.ready,
  length: () => rows.length,
  at: (index) => rows.at(index),
  make,
  fill: (row, item) => fillRow(row, item, stateOf(item)),
  missing: () => feed.reach(() => list.lastInSight + rows.hidden),
});

const { chosen, keys, remove } = choosing({
  scroller,
  rows,
  repaint: () => list.invalidate(),
  total: () => feed.store.length,
  entry: (id) => feed.store.at(feed.store.indexOf(id)),
  put(entries) {
    for (const entry of entries) feed.put(entry);
    feed.settle();
  },
});

/** @param {Item} item */
const stateOf = (item) => ({
  open: item.id === open,
  chosen: chosen.has(item),
  indented: !isFold(item) && rows.inOpenFold(item.id),
  search: query && `?${new URLSearchParams({ q: query })}`,
});

/** Arrivals may enter while the list is at its top and the pointer is elsewhere. */
function judge() {
  feed.calm = list.atTop && !pointerOver;
}

let told = 0;

/** The bar and the words beside the list: at most twice a second, however much arrives. */
function showCounts() {
  const { waiting } = feed;
  const words = fill(ngettext("%(n)s new message", "%(n)s new messages", waiting), { n: count(waiting) });
  bar.hidden = waiting === 0;
  setText(/** @type {Element} */ (bar.querySelector("span")), words);
  empty.hidden = feed.store.length > 0 || waiting > 0 || !readable;
  if (waiting > told) announce(words);
  told = waiting;
}

/** @param {number} step @param {{ choose?: boolean }} [options] */
async function move(step, { choose = false } = {}) {
  await begun; // a key pressed meanwhile is not lost
  const from = rows.indexOf(cursor);
  const to = Math.max(0, Math.min(rows.loaded - 1, from < 0 ? 0 : from + step));
  const item = rows.at(to);
  if (!item) return;
  if (choose) chosen.add([rows.at(Math.max(0, from)) ?? item, item]);
  cursor = item.id;
  list.focus(to);
  if (open && !choose && !isFold(item)) pane.open(/** @type {HTMLAnchorElement} */ (document.activeElement).href);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searching;

/** What arrives may or may not match: ask the server, not too often. */
function searchAgain() {
  if (searching) return;
  searching = setTimeout(() => {
    searching = undefined;
    feed.load();
  }, SEARCH_AGAIN_MS);
}

/** @param {import("../core/socket.js").LiveEvent} event */
function apply(event) {
  const entry = /** @type {import("./store.js").Entry} */ (event);
  if (event.event === "message.deleted") gone(entry.id);
  else if (refused === "hide" && "outcome" in entry) return;
  else if (event.event === "message.updated" && feed.knows(entry.id)) feed.put(entry);
  else if (query) searchAgain();
  else feed.put(entry);
}

/** @param {string} id */
function gone(id) {
  chosen.drop(id);
  feed.remove(id);
}

// A query that cannot be read finds nothing: the page says so, and asks no more.
const readable = scroller.dataset.wrong === undefined;
if (readable) live().subscribe("messages", {
  load: () => feed.load(),
  events(events) {
    for (const event of events) apply(event);
    feed.settle();
  },
});
const begun = readable ? feed.load().then(adopt) : undefined;

/** What was ticked in the rows of the server, before ours take their place, is chosen. */
function adopt() {
  for (const box of scroller.querySelectorAll("#entries input:checked")) {
    const item = itemAt(box);
    if (item) chosen.toggle(item, true);
  }
}

/** Open or close the burst that has the cursor. @param {Item | undefined} item @param {boolean} [wanted] */
function toggleFold(item, wanted) {
  if (!item || !isFold(item)) return;
  rows.toggle(item.id, wanted);
  cursor = item.id;
  list.focus(rows.indexOf(item.id));
  list.invalidate();
}

/** @param {EventTarget | null} target @returns {Item | undefined} */
function itemAt(target) {
  const id = target instanceof Element && /** @type {HTMLElement | null} */ (target.closest("li.row"))?.dataset.id;
  return id ? rows.at(rows.indexOf(id)) : undefined;
}

scroller.addEventListener("scroll", judge, { passive: true });
scroller.addEventListener("pointerenter", () => { pointerOver = true; judge(); });
scroller.addEventListener("pointerleave", () => { pointerOver = false; judge(); });
scroller.addEventListener("focusin", (event) => {
  cursor = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.id ?? cursor;
});
scroller.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest(".fold")) toggleFold(itemAt(event.target));
});
bar.addEventListener("click", () => {
  feed.release();
  scroller.scrollTop = 0;
  list.focus(0);
  showCounts();
});
setInterval(showCounts, 500);

pane.follow((url) => {
  open = url.pathname.split("/")[2] ?? "";
  if (open) cursor = open;
  list.invalidate();
});
open = location.pathname.split("/")[2] ?? "";
cursor = open;
pane.start();
marks.start();
message.start({
  opened(id) {
    const entry = feed.store.at(feed.store.indexOf(id));
    if (entry?.read === false) feed.put({ ...entry, read: true });
    feed.settle();
  },
  deleted(id) {
    const place = rows.indexOf(id);
    gone(id);
    cursor = rows.at(Math.max(0, Math.min(place, rows.loaded - 1)))?.id ?? "";
    feed.settle();
    back();
  },
  restored: () => feed.load(),
});

/** Close the message, and be in the list where one was. */
function back() {
  if (open) pane.open(home);
  const index = rows.indexOf(cursor);
  if (index >= 0) list.focus(index);
}

const under = () => rows.at(rows.indexOf(cursor));
const openLetter = () => /** @type {HTMLElement | null} */ (document.querySelector("#detail [data-delete]"));
bind({
  ...keys,
  j: () => move(1),
  k: () => move(-1),
  J: () => move(1, { choose: true }),
  K: () => move(-1, { choose: true }),
  x: () => { const item = under(); if (item) chosen.toggle(item); },
  "*": () => chosen.add(Array.from({ length: rows.loaded }, (_, index) => /** @type {Item} */ (rows.at(index)))),
  ArrowRight: () => toggleFold(under(), true),
  ArrowLeft: () => toggleFold(under(), false),
  "#": () => (chosen.size ? remove() : openLetter()?.click()),
  t: () => (chosen.size ? keys.t() : marks.addTag()),
  s: () => (chosen.size ? keys.s() : marks.nextStatus()),
  a: marks.annotate,
  h: () => /** @type {HTMLElement} */ (document.querySelector("[data-refused]")).click(),
  u: back,
  Escape: () => (chosen.size ? chosen.clear() : back()),
});
