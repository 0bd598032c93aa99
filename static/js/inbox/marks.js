// Marks on the open message: status, tags, a note, comments, the assignee.

import { $$, byId, closest, el, find, getJSON } from "../core/dom.js";
import * as forms from "../core/forms.js";
import { routes } from "../core/routes.js";

/** @type {WeakMap<Element, string>} for each box of marks, the requested status, until the answer */
const asked = new WeakMap();

/** The next status: new, ok, bug, and new again. */
export function nextStatus() {
  const all = $$("#marks [name=status]", document, HTMLButtonElement);
  const wanted = all.length ? asked.get(byId("marks")) : undefined;
  const at = all.findIndex(({ value, ariaPressed }) => (wanted === undefined ? ariaPressed === "true" : value === wanted));
  all[(at + 1) % all.length]?.click();
}

/** Remember the requested status: it is shown only with the answer. @param {SubmitEvent} event */
function ask({ submitter }) {
  const box = closest(submitter, "#marks");
  if (box && submitter instanceof HTMLButtonElement && submitter.name === "status") asked.set(box, submitter.value);
}

/** @param {Event} event */
function forget(event) {
  const box = closest(event.target, "#marks");
  const { formData } = /** @type {CustomEvent} */ (event).detail.requestConfig;
  if (box && formData.get("status") === asked.get(box)) asked.delete(box);
}

/** Write a note. */
export function annotate() {
  const details = find("#marks details.note", document, HTMLDetailsElement);
  if (details) forms.open(details);
}

/** Choose the assignee. */
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

/** Offer the tags in use when a user starts to write one. */
export function start() {
  const list = byId("tags");
  document.addEventListener("submit", ask);
  document.addEventListener("htmx:afterRequest", forget);
  document.addEventListener("focusin", async ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.getAttribute("list") !== "tags") return;
    const { items } = await getJSON(routes.tags({ limit: "500" })).catch(() => ({ items: [] }));
    list.replaceChildren(...items.map((/** @type {{ name: string }} */ each) => el("option", { value: each.name })));
  });
}
