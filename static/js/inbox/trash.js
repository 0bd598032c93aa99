// The trash: its button for those that are ticked is there once one is.

import { byId, find } from "../core/dom.js";

const trash = byId("trash");

function judge() {
  const button = find("[data-restore-chosen]", trash, HTMLButtonElement);
  if (button) button.disabled = !find("input:checked", trash);
}

trash.addEventListener("change", judge);
trash.addEventListener("refreshed", judge);
judge();
