// Filters the header fields of a message during typing.

import { $$, find } from "../core/dom.js";
import { bind } from "../core/keys.js";
import * as pane from "./pane.js";

/** @param {Event} event */
function filter(event) {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.dataset.filter) return;
  const wanted = field.value.trim().toLowerCase();
  for (const row of $$(field.dataset.filter)) {
    row.hidden = !(row.textContent ?? "").toLowerCase().includes(wanted);
  }
}

export function start() {
  document.addEventListener("input", filter);
  bind(pane.onceShown({ f: () => find("#panel [data-filter]")?.focus() }));
}
