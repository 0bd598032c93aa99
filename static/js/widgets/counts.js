// The counts: next to Inbox, Unread, Failed and Mine, in the title and on the icon of the page.

import { $, $$, getJSON, setText } from "../core/dom.js";
import { count, when } from "../core/format.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import { soon } from "../core/timing.js";

const PAUSE_MS = 1000;
const MANY = 1000; // the server counts Mine only up to this
const ON_ICON = 100; // larger numbers do not fit

/**
 * @typedef {object} Counts
 * @property {number} messages
 * @property {number} unread
 * @property {number} failed transactions that were not accepted
 * @property {number | null} mine unread mail to the user's own addresses; null if none are set
 * @property {string | null} paused since when the inbox is paused
 */

let prefix = "";
/** @type {Counts | null} */
let latest = null;

/** The counts; null until the server has sent them. */
export const known = () => latest;

/** @param {number} many @param {number} most */
const words = (many, most) => (many >= most ? `${most - 1}+` : String(many));

/** Put the count into the title; pages in the pane bring their own title. */
function head() {
  const bare = document.title.replace(/^\(\d+\+?\) /, "");
  if (document.title !== prefix + bare) document.title = prefix + bare;
}

/** @param {number} many */
function mark(many) {
  const link = $("link[rel=icon]", document, HTMLLinkElement);
  link.dataset.plain ??= link.href;
  if (!many) {
    link.href = link.dataset.plain;
    return;
  }
  const said = words(many, ON_ICON);
  const badge = `<rect width="32" height="32" rx="7" fill="#0b62d6"/><text x="16" y="23" font-family="sans-serif" font-weight="bold" font-size="${said.length > 2 ? 13 : 19}" fill="#fff" text-anchor="middle">${said}</text>`;
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${badge}</svg>`;
  link.href = `data:image/svg+xml,${encodeURIComponent(drawn)}`;
}

/** @param {string | null} since */
function showPause(since) {
  const banner = $("[data-paused]");
  banner.hidden = since === null;
  const time = $("time", banner, HTMLTimeElement);
  if (since) {
    time.dateTime = since;
    setText(time, when(new Date(since)));
  }
}

/** @param {Counts} counts */
function show(counts) {
  latest = counts;
  const { messages, unread, failed, mine } = counts;
  for (const [name, many] of Object.entries({ messages, unread, failed })) {
    for (const node of $$(`[data-count=${name}]`)) setText(node, many ? count(many) : "");
  }
  for (const node of $$("[data-count=mine]")) setText(node, mine ? words(mine, MANY) : "");
  showPause(counts.paused);
  const shown = mine ?? unread;
  prefix = shown ? `(${words(shown, MANY)}) ` : "";
  head();
  mark(shown);
}

const renew = soon(async () => show(await getJSON(routes.counts)), PAUSE_MS);

/** Keep the counts current, at most once a second. */
export function start() {
  new MutationObserver(head).observe($("title"), { childList: true });
  renew(); // also without a live feed
  live().subscribe("messages", { load: renew, events: renew });
}
