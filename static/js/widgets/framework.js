// The chosen framework, on pages that offer several: this browser remembers it.

import { $$ } from "../core/dom.js";
import * as storage from "../core/storage.js";

const FRAMEWORKS = ["shell", "django", "rails", "laravel", "node", "spring"];

/** Select the framework that was chosen before, if it is offered. @param {ParentNode} [root] */
export function restore(root = document) {
  const chosen = storage.get("framework");
  for (const button of $$(".chooser input", root, HTMLInputElement)) if (button.value === chosen) button.checked = true;
}

/** Whether this is a first load: the browser restores the fields of a page that it has loaded before. */
const isNew = () => performance.getEntriesByType("navigation").some((each) => "type" in each && each.type === "navigate");

/** The choice made before the scripts ran. */
const chosenEarly = () => $$(".chooser input:checked", document, HTMLInputElement).filter((each) => isNew() && !each.defaultChecked);

export function start() {
  for (const { value } of chosenEarly()) if (FRAMEWORKS.includes(value)) storage.set("framework", value);
  restore();
  document.addEventListener("change", ({ target }) => {
    const chosen = target instanceof HTMLInputElement && target.closest(".chooser") ? target.value : "";
    if (FRAMEWORKS.includes(chosen)) storage.set("framework", chosen);
  });
}
