// The framework that somebody chose, wherever a page offers several: this browser remembers it.

import { $$ } from "../core/dom.js";
import * as storage from "../core/storage.js";

const FRAMEWORKS = ["shell", "django", "rails", "laravel", "node", "spring"];

/** Select the framework that was chosen before, where it is offered. @param {ParentNode} [root] */
export function restore(root = document) {
  const chosen = storage.get("framework");
  for (const button of $$(".chooser input", root, HTMLInputElement)) if (button.value === chosen) button.checked = true;
}

export function start() {
  restore();
  document.addEventListener("change", ({ target }) => {
    const chosen = target instanceof HTMLInputElement && target.closest(".chooser") ? target.value : "";
    if (FRAMEWORKS.includes(chosen)) storage.set("framework", chosen);
  });
}
