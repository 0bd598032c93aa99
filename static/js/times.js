// Times that the server wrote in UTC, in the browser's own zone.

import { setText } from "./dom.js";
import { inFull, when } from "./format.js";

/** Rewrite every <time datetime> in here that is still as the server wrote it. @param {ParentNode} root */
export function localise(root) {
  for (const node of root.querySelectorAll("time[datetime]:not([title])")) {
    const moment = new Date(/** @type {HTMLTimeElement} */ (node).dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    /** @type {HTMLElement} */ (node).title = inFull(moment);
    setText(node, node.hasAttribute("data-full") ? inFull(moment) : when(moment));
  }
}
