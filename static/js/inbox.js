// The inbox: a windowed list kept true by the live feed, and the message in the pane.

import { addressIn, traceOf } from "./addresses.js";
import { getJSON, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { plural } from "./format.js";
import { bind } from "./keys.js";
import { List } from "./list.js";
import * as message from "./message.js";
import * as pane from "./pane.js";
import { fill, make } from "./rows.js";
import { announce, toast } from "./say.js";
import { live } from "./socket.js";

const OLDER = 500; // entries in a page of older ones
const SEARCH_AGAIN_MS = 2000;

const scroller = /** @type {HTMLElement} */ (document.getElementById("scroller"));
const box = /** @type {HTMLElement} */ (document.getElementById("entries"));
const bar = /** @type {HTMLButtonElement} */ (document.getElementById("new-messages"));
const empty = /** @type {HTMLElement} */ (document.getElementById("empty"));
const query = scroller.dataset.query ?? "";
const home = query ? `/?${new URLSearchParams({ q: query })}` : "/";

let pointerOver = false;
/** @type {string} the id that the pane shows */
let open = "";
/** @type {string} the id that j and k go on from */
let cursor = "";

const feed = new Feed({
  fetch(after) {
    const parameters = new URLSearchParams({ q: query });
    if (after) for (const [name, value] of [["cursor", after], ["limit", String(OLDER)]]) parameters.set(name, value);
    return getJSON(`/entries?${parameters}`);
  },
  changed: () => list.invalidate(),
  failed: (error) => toast(`The list could not be read: ${error.message}`),
});

const list = new List(scroller, box, {
  ready: () => feed.ready,
  length: () => feed.store.length,
  at: (index) => feed.store.at(index),
  make,
  fill: (row, entry) => fill(row, entry, entry.id === open),
  missing: () => feed.reach(() => list.lastInSight),
});

/** Arrivals may enter while the list is at its top and the pointer is elsewhere. */
function judge() {
  feed.calm = list.atTop && !pointerOver;
}

let told = 0;

/** The bar and the words beside the list: at most twice a second, however much arrives. */
function showCounts() {
  const { waiting } = feed;
  bar.hidden = waiting === 0;
  setText(/** @type {Element} */ (bar.querySelector("span")), plural(waiting, "new message"));
  empty.hidden = feed.store.length > 0 || waiting > 0;
  if (waiting > told) announce(plural(waiting, "new message"));
  told = waiting;
}

/** @param {number} step */
async function move(step) {
  await begun; // a key pressed meanwhile is not lost
  const from = feed.store.indexOf(cursor);
  const to = Math.max(0, Math.min(feed.store.loaded - 1, from < 0 ? 0 : from + step));
  const entry = feed.store.at(to);
  if (!entry) return;
  cursor = entry.id;
  list.focus(to);
  if (open) pane.open(/** @type {HTMLAnchorElement} */ (document.activeElement).href);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let searching;

/** What arrives may or may not match: ask the server, not too often. */
function searchAgain() {
  searching ??= setTimeout(() => {
    searching = undefined;
    feed.load();
  }, SEARCH_AGAIN_MS);
}

/** @param {import("./socket.js").LiveEvent} event */
function apply(event) {
  const entry = /** @type {import("./store.js").Entry} */ (event);
  if (event.event === "message.deleted") feed.remove(entry.id);
  else if (event.event === "message.updated" && feed.knows(entry.id)) feed.put(entry);
  else if (query) searchAgain();
  else feed.put(entry);
}

live().subscribe("messages", {
  load: () => feed.load(),
  events(events) {
    for (const event of events) apply(event);
    feed.settle();
  },
});
const begun = feed.load();

scroller.addEventListener("scroll", judge, { passive: true });
scroller.addEventListener("pointerenter", () => { pointerOver = true; judge(); });
scroller.addEventListener("pointerleave", () => { pointerOver = false; judge(); });
scroller.addEventListener("focusin", (event) => {
  cursor = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.id ?? cursor;
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
message.start({
  opened(id) {
    const entry = feed.store.at(feed.store.indexOf(id));
    if (entry?.read === false) feed.put({ ...entry, read: true });
    feed.settle();
  },
  deleted(id) {
    const place = feed.store.indexOf(id);
    feed.remove(id);
    cursor = feed.store.at(Math.max(0, Math.min(place, feed.store.loaded - 1)))?.id ?? "";
    feed.settle();
    back();
  },
  restored: () => feed.load(),
});

/** An address that is typed may be that of someone whose mail is missing. */
function offerTrace() {
  const field = /** @type {HTMLInputElement} */ (document.querySelector(".search input"));
  const row = /** @type {HTMLElement} */ (document.getElementById("whose"));
  const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
  field.addEventListener("input", () => {
    const address = addressIn(field.value);
    row.hidden = !address;
    link.href = traceOf(address, query);
    setText(/** @type {Element} */ (link.querySelector("bdi")), address);
  });
}
offerTrace();

/** Close the message, and be in the list where one was. */
function back() {
  if (open) pane.open(home);
  const index = feed.store.indexOf(cursor);
  if (index >= 0) list.focus(index);
}
bind({ j: () => move(1), k: () => move(-1), u: back, Escape: back });
