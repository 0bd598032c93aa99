// What people put on the message that is open: status, tags, a note, comments, whose work it is.

import { $$, byId, el, find, getJSON } from "../core/dom.js";
import * as forms from "../core/forms.js";
import { routes } from "../core/routes.js";

/** The next status: new, ok, bug, and new again. */
export function nextStatus() {
  const all = $$("#marks [name=status]");
  all[(all.findIndex((each) => each.ariaPressed === "true") + 1) % all.length]?.click();
}

/** Write a note. */
export function annotate() {
  const details = find("#marks details.note", document, HTMLDetailsElement);
  if (details) forms.open(details);
}

/** Say whose work it is. */
export function assign() {
  const details = find("#assignee details", document, HTMLDetailsElement);
  if (details) forms.open(details);
}

/** Write a comment. */
export function comment() {
  const details = find("#comments details", document, HTMLDetailsElement);
  if (details) forms.open(details);
}

/** Write a tag. */
export function addTag() {
  const details = find("#marks details.tagging", document, HTMLDetailsElement);
  if (details) forms.open(details);
}

/** Offer the tags in use to who writes one, once it is asked for. */
export function start() {
  const list = byId("tags");
  document.addEventListener("focusin", async ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.getAttribute("list") !== "tags") return;
    const { items } = await getJSON(routes.tags({ limit: "500" })).catch(() => ({ items: [] }));
    list.replaceChildren(...items.map((/** @type {{ name: string }} */ each) => el("option", { value: each.name })));
  });
}
