// Times that the server wrote in UTC, in the browser's own zone.

import { $$, setText } from "./dom.js";
import { inFull, relative, when } from "./format.js";
import { finish } from "./fragments.js";

/** Rewrite every <time datetime> in here that is still as the server wrote it. @param {ParentNode} root */
function localise(root) {
  for (const node of $$("time[datetime]:not([title])", root, HTMLTimeElement)) {
    const moment = new Date(node.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    node.title = inFull(moment);
    setText(node, node.hasAttribute("data-full") ? inFull(moment) : when(moment));
  }
}

const AGAIN_MS = 5000;

/** Localise all times, and let those go on that tell how long ago something was. */
export function start() {
  finish(localise);
  if (!relative) return;
  setInterval(() => {
    for (const node of $$("time[datetime]:not([data-full])", document, HTMLTimeElement)) {
      setText(node, when(new Date(node.dateTime)));
    }
  }, AGAIN_MS);
}
