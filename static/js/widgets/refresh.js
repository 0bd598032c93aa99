// Keeps parts of a page current: the content of a [data-refresh] box is fetched again when
// the feed sends an event that may change it.
//
//   data-refresh  the URL of the content; boxes of the same URL share a request
//   data-on       events, or their kinds: "message.deleted session"
//   data-of       the id of the only object that matters, if there is only one
//   data-select   if the answer holds more: the element with the content
//   data-aging    the content has relative times: fetch it now and then too
//   data-pending  on a part of the content: it is about to change, so fetch it again each second
//   data-reload   the page's address for a reload with the same content
//
// An element with data-news is announced when that attribute changes.

import { $$, find } from "../core/dom.js";
import { catchUp, isOlder, morph, note, renewal } from "../core/fragments.js";
import { live } from "../core/socket.js";
import { sleep, soon } from "../core/timing.js";
import { announce } from "../core/toast.js";

/** @typedef {import("../core/socket.js").LiveEvent} LiveEvent */

const PAUSE_MS = 500;
const REST = 4; // times the duration of an answer
const AGING_MS = 30_000;
const PENDING_MS = 1000;

const BOXES = "[data-refresh]";

/** @param {HTMLElement} box */
const urlOf = (box) => box.dataset.refresh ?? "";

/** @param {HTMLElement} box @param {LiveEvent} event */
function concerns(box, { event, id }) {
  const { on = "", of } = box.dataset;
  if (of !== undefined && of !== id) return false;
  return on.split(" ").some((wanted) => event === wanted || event.startsWith(`${wanted}.`));
}

/** @param {HTMLElement} box @param {DocumentFragment} answer */
function show(box, answer) {
  const content = box.dataset.select ? find(box.dataset.select, answer) : answer;
  if (!content) return;
  const before = find("[data-news]", box)?.dataset.news;
  morph(box, document.importNode(content, true)); // a copy, as other boxes may use it too
  const news = find("[data-news]", box);
  if (news && news.dataset.news !== before) announce(news.textContent ?? "");
  box.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
}

/** @param {string} url */
async function refresh(url) {
  const began = performance.now();
  const answer = await renewal(url);
  const boxes = $$(BOXES).filter((box) => urlOf(box) === url);
  for (const box of boxes) {
    if (isOlder(box, began)) ask(url); // older than the answer to a form in the box
    else show(box, answer);
  }
  if (!boxes.length) jobs.delete(url);
  await sleep(REST * (performance.now() - began));
}

/** @type {Map<string, () => void>} by URL */
const jobs = new Map();
/** @type {Set<string>} URLs that were requested while the page was hidden */
const unseen = new Set();

/** Fetch the content of the boxes of a URL again, soon. @param {string} url */
export function ask(url) {
  if (document.hidden) {
    unseen.add(url);
    return;
  }
  const job = jobs.get(url) ?? soon(() => refresh(url), PAUSE_MS);
  jobs.set(url, job);
  job();
}

/** @param {(box: HTMLElement) => boolean} which @param {ParentNode} [piece] of the page */
function askFor(which, piece = document) {
  for (const box of $$(BOXES, piece)) if (which(box)) ask(urlOf(box));
}

/** Request the boxes that an event of the feed may have changed. @param {(box: HTMLElement) => boolean} which */
function hear(which) {
  askFor(which);
  note(which);
}

/** Listen. */
export function start() {
  for (const { dataset } of $$("[data-reload]")) history.replaceState(null, "", dataset.reload);
  for (const topic of ["messages", "sessions"]) {
    live().subscribe(topic, {
      load: () => hear(() => true),
      events: (events) => hear((box) => events.some((event) => concerns(box, event))),
    });
  }
  catchUp((piece, news) => askFor((box) => news.some((which) => which(box)), piece));
  setInterval(() => askFor((box) => "aging" in box.dataset), AGING_MS);
  setInterval(() => askFor((box) => Boolean(find("[data-pending]", box))), PENDING_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const url of unseen) ask(url);
    unseen.clear();
  });
}
