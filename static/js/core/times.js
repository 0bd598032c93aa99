// Times that the server wrote in UTC, in the browser's own zone.

import { $$, setText } from "./dom.js";
import { inFull, relative, when } from "./format.js";
import { finish } from "./fragments.js";

/**
 * The <time> elements that match, with their moments; an empty element has none.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {[HTMLTimeElement, Date][]}
 */
function times(selector, root = document) {
  const found = $$(selector, root, HTMLTimeElement).filter(({ dateTime }) => !Number.isNaN(Date.parse(dateTime)));
  return found.map((node) => [node, new Date(node.dateTime)]);
}

/** Rewrite every <time datetime> that still has the server's text. @param {ParentNode} root */
function localise(root) {
  for (const [node, moment] of times("time[datetime]:not([title])", root)) {
    node.title = inFull(moment);
    setText(node, node.hasAttribute("data-full") ? inFull(moment) : when(moment));
  }
}

const AGAIN_MS = 5000;

/** Localise all times, and keep relative times up to date. */
export function start() {
  finish(localise);
  if (!relative) return;
  setInterval(() => {
    for (const [node, moment] of times("time[datetime]:not([data-full])")) setText(node, when(moment));
  }, AGAIN_MS);
}
