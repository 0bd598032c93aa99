// A list page's detail pane: links marked data-pane open in #detail, with their own URL.

import { byId, closest, find, isModified } from "../core/dom.js";
import { isTyping } from "../core/forms.js";

/** @type {Set<(url: URL) => void>} */
const followers = new Set();

const detail = () => byId("detail");
/** The address of a page without its fragment: a link to a heading changes only that. */
const address = () => location.pathname + location.search;
let shown = address();
/** The number of requests to the pane so far. */
let turn = 0;
/** The turn whose content the pane shows. */
let brought = 0;
/** The turn that was cancelled by a later request in the pane that it would have replaced. */
let overtaken = 0;
/** Resolves when the last opened page is there, or has failed. */
let settled = Promise.resolve();
let coming = false;

/**
 * Call a function whenever the pane's URL changes (opened, closed, back, forward).
 * @param {(url: URL) => void} follower
 */
export function follow(follower) {
  followers.add(follower);
}

/**
 * Open a URL in the pane; for the list's own URL, empty the pane.
 * @param {string} url
 * @param {{ push?: boolean }} [options]
 */
export function open(url, { push = true } = {}) {
  const to = new URL(url, location.href);
  if (push && to.href !== location.href) history.pushState(null, "", to);
  shown = address();
  turn += 1;
  for (const follower of followers) follower(to);
  if (to.pathname === detail().dataset.home) close();
  else settled = bring(to, turn);
}

/** @param {URL} to @param {number} mine */
async function bring(to, mine) {
  coming = true;
  await htmx.ajax("get", to.pathname + to.search, { source: detail(), target: "#detail", swap: "innerHTML" }).catch(() => {
    // A later request replaced it, or it failed, which app.js reports.
  });
  if (turn !== mine) return;
  coming = false;
  // Remove the previous message, so that no action for the failed one can hit it.
  if (brought !== mine && overtaken !== mine) detail().replaceChildren();
}

/**
 * Let keys act on the page that was opened last: a key pressed before it is loaded waits for it.
 * @template {string} Key
 * @param {Record<Key, (event: KeyboardEvent) => void>} keys
 * @returns {Record<Key, (event: KeyboardEvent) => void>}
 */
export function onceShown(keys) {
  const waiting = /** @type {Record<Key, (event: KeyboardEvent) => void>} */ ({});
  for (const key in keys) {
    waiting[key] = (event) => {
      const wanted = turn;
      if (!coming) keys[key](event);
      else settled.then(() => turn === wanted && keys[key](event));
    };
  }
  return waiting;
}

/** Put the pane's current content into the address bar; cancel a message that is on its way. @param {URL} url */
export function rename(url) {
  if (coming) turn += 1;
  coming = false;
  history.replaceState(null, "", url);
  shown = address();
  for (const follower of followers) follower(url);
}

function close() {
  coming = false;
  htmx.trigger(detail(), "htmx:abort"); // a message on its way would open again
  detail().replaceChildren();
  document.title = detail().dataset.title ?? document.title;
}

/** @param {MouseEvent} event */
function click(event) {
  if (event.defaultPrevented || isModified(event)) return;
  const link = closest(event.target, "a[data-pane]", HTMLAnchorElement);
  if (!link) return;
  event.preventDefault();
  open(link.href);
}

/** Handle the pane's links, and the browser's back and forward. */
export function start() {
  document.addEventListener("click", click);
  addEventListener("popstate", () => {
    if (address() !== shown) open(location.href, { push: false });
  });
  detail().addEventListener("htmx:sendAbort", ({ target }) => {
    if (target === detail()) overtaken = turn;
  });
  detail().addEventListener("htmx:afterSwap", ({ target }) => {
    if (target !== detail()) return; // the event of an element inside it
    brought = turn;
    detail().scrollTop = 0;
    // If the list is hidden (one pane), the focus moves to the opened page.
    const list = document.querySelector(".panes > .list");
    if (!list?.checkVisibility() && !isTyping()) find("h1", detail())?.focus();
  });
}
