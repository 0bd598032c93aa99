// Texts to copy: a [data-copy] button copies the pre beside it.

import { setText } from "./dom.js";

const COPIED_MS = 2000;

/** Show the buttons; the clipboard is there on localhost and under https only. @param {ParentNode} root */
export function show(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) /** @type {HTMLElement} */ (button).hidden = false;
}

/** @param {Element} button */
async function copy(button) {
  await navigator.clipboard.writeText(button.parentElement?.querySelector("pre")?.textContent?.trim() ?? "");
  const words = /** @type {Element} */ (button.querySelector("span"));
  setText(words, "Copied");
  setTimeout(() => setText(words, "Copy"), COPIED_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("htmx:afterSwap", (event) => show(/** @type {Element} */ (event.target)));
show(document);
