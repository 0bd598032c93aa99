// Keeps parts of a page true: the content of a [data-refresh] box is fetched again when
// the feed sends something that may change it.
//
//   data-refresh  the URL of the content; boxes of the same URL share a request
//   data-on       events, or their kinds: "message.deleted session"
//   data-of       the id of the one thing that matters, where it is one
//   data-select   where the answer holds more: the element whose content it is
//   data-aging    the content says how long ago something was: fetch it now and then too
//   data-pending  on a part of the content: it is about to change, so fetch it again each second
//   data-reload   the page's address with which a reload asks for the same content
//
// An element with data-news is announced when that attribute has changed.

import { $$, find } from "../core/dom.js";
import { catchUp, isOlder, morph, note, renewal } from "../core/fragments.js";
import { live } from "../core/socket.js";
import { sleep, soon } from "../core/timing.js";
import { announce } from "../core/toast.js";

/** @typedef {import("../core/socket.js").LiveEvent} LiveEvent */

const PAUSE_MS = 500;
const REST = 4; // times as long as an answer took
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
  morph(box, document.importNode(content, true)); // it may be that of other boxes too
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
    if (isOlder(box, began)) ask(url); // than the answer to a form in it
    else show(box, answer);
  }
  if (!boxes.length) jobs.delete(url);
  await sleep(REST * (performance.now() - began));
}

/** @type {Map<string, () => void>} by URL */
const jobs = new Map();
/** @type {Set<string>} URLs that were asked for while nobody could see the page */
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

/** Ask for what has changed by an event of the feed. @param {(box: HTMLElement) => boolean} which */
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
