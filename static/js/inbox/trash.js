// The trash: the button for ticked messages appears once one is ticked.

import { byId, find } from "../core/dom.js";

const trash = byId("trash");

function judge() {
  const button = find("[data-restore-chosen]", trash, HTMLButtonElement);
  if (button) button.disabled = !find("input:checked", trash);
}

trash.addEventListener("change", judge);
trash.addEventListener("refreshed", judge);
judge();
