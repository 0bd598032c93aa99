// How much is unread: beside Inbox and Mine, in the title and on the icon of the page.

import { $, $$, getJSON, setText } from "../core/dom.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import { soon } from "../core/timing.js";

const PAUSE_MS = 1000;
const MANY = 1000; // the server counts what is mine no further
const ON_ICON = 100; // more do not fit

let prefix = "";

/** @param {number} count @param {number} most */
const words = (count, most) => (count >= most ? `${most - 1}+` : String(count));

/** The title says how many; pages that come into the pane bring their own. */
function head() {
  const bare = document.title.replace(/^\(\d+\+?\) /, "");
  if (document.title !== prefix + bare) document.title = prefix + bare;
}

/** @param {number} count */
function mark(count) {
  const link = $("link[rel=icon]", document, HTMLLinkElement);
  link.dataset.plain ??= link.href;
  if (!count) {
    link.href = link.dataset.plain;
    return;
  }
  const said = words(count, ON_ICON);
  const badge = `<rect width="32" height="32" rx="7" fill="#0b62d6"/><text x="16" y="23" font-family="sans-serif" font-weight="bold" font-size="${said.length > 2 ? 13 : 19}" fill="#fff" text-anchor="middle">${said}</text>`;
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${badge}</svg>`;
  link.href = `data:image/svg+xml,${encodeURIComponent(drawn)}`;
}

/** @param {{ all: number, mine: number | null }} counts */
function show(counts) {
  for (const node of $$("[data-unread=all]")) setText(node, counts.all ? words(counts.all, Infinity) : "");
  for (const node of $$("[data-unread=mine]")) setText(node, counts.mine ? words(counts.mine, MANY) : "");
  const count = counts.mine ?? counts.all;
  prefix = count ? `(${words(count, MANY)}) ` : "";
  head();
  mark(count);
}

const renew = soon(async () => show(await getJSON(routes.unread)), PAUSE_MS);

/** Keep the counts true, at most once a second. */
export function start() {
  new MutationObserver(head).observe($("title"), { childList: true });
  live().subscribe("messages", { load: renew, events: renew });
}
