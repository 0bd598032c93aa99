// Copy buttons: a [data-copy] button copies the <pre> next to it, a [data-copy-value] button its value.

import { $, $$, closest, find, setText } from "../core/dom.js";
import { finish } from "../core/fragments.js";
import { gettext } from "../core/i18n.js";

const BUTTONS = "[data-copy], [data-copy-value]";
const COPIED_MS = 2000;

/** Show the buttons; the clipboard exists only on localhost and over https. @param {ParentNode} root */
function show(root) {
  if (!navigator.clipboard) return;
  for (const button of $$(BUTTONS, root)) button.hidden = false;
}

/** @param {HTMLElement} button */
async function copy(button) {
  const beside = () => find("pre", button.parentElement)?.textContent?.trim();
  await navigator.clipboard.writeText(button.dataset.copyValue ?? beside() ?? "");
  const words = $("span", button);
  setText(words, gettext("Copied"));
  setTimeout(() => setText(words, gettext("Copy")), COPIED_MS);
}

/** Listen. */
export function start() {
  finish(show);
  document.addEventListener("click", (event) => {
    const button = closest(event.target, BUTTONS);
    if (button) copy(button);
  });
}
