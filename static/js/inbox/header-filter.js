// Filtering the header fields of a message as one types.

import { bind } from "../core/keys.js";

/** @param {Event} event */
function filter(event) {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.dataset.filter) return;
  const wanted = field.value.trim().toLowerCase();
  for (const row of document.querySelectorAll(field.dataset.filter)) {
    /** @type {HTMLElement} */ (row).hidden = !(row.textContent ?? "").toLowerCase().includes(wanted);
  }
}

export function start() {
  document.addEventListener("input", filter);
  bind({ f: () => /** @type {HTMLElement | null} */ (document.querySelector("#panel [data-filter]"))?.focus() });
}
