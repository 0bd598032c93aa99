// What people put on the message that is open: status, tags, a note; renewed as others change it.

import { el, getJSON } from "../core/dom.js";
import * as forms from "../core/forms.js";
import { fragment, inUse, onceFree, soon } from "../core/fragments.js";

const PAUSE_MS = 500;
const letter = () => /** @type {HTMLElement | null} */ (document.querySelector("[data-letter]"));
const marks = () => document.getElementById("marks");

const renew = soon(async () => {
  const id = letter()?.dataset.letter;
  if (!id || !marks()) return;
  const fresh = await fragment(`/messages/${id}/marks`);
  if (letter()?.dataset.letter !== id) return; // another was opened meanwhile
  for (const name of ["message-tools", "marks"]) {
    const box = document.getElementById(name);
    const found = fresh.querySelector(`#${name}`);
    if (!box || !found) continue;
    if (inUse(box)) {
      onceFree(box, renew);
      continue;
    }
    box.replaceChildren(...found.childNodes);
    htmx.process(box);
  }
}, PAUSE_MS);

/** Show what may have changed of a message, if it is the open one. @param {string} id */
export function changed(id) {
  if (letter()?.dataset.letter === id) renew();
}

/** The next status: new, ok, bug, and new again. */
export function nextStatus() {
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#marks [name=status]")]);
  all[(all.findIndex((each) => each.ariaPressed === "true") + 1) % all.length]?.click();
}

/** Write a note. */
export function annotate() {
  const details = /** @type {HTMLDetailsElement | null} */ (marks()?.querySelector("details.note"));
  if (details) forms.open(details);
}

/** Write a tag. */
export const addTag = () => /** @type {HTMLElement | null} */ (marks()?.querySelector("[name=add]"))?.focus();

/** Offer the tags in use to who writes one, once it is asked for. */
export function start() {
  const list = /** @type {HTMLElement} */ (document.getElementById("tags"));
  document.addEventListener("focusin", async ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.getAttribute("list") !== "tags") return;
    const { items } = await getJSON("/api/v3/tags").catch(() => ({ items: [] }));
    list.replaceChildren(...items.map((/** @type {{ name: string }} */ each) => el("option", { value: each.name })));
  });
}
