// The form of a rule: hides fields without a meaning at the chosen stage.

import { $, $$, find } from "../core/dom.js";

const form = $("form[data-rule]");
const stage = $("[name=stage]", form, HTMLSelectElement);

/** Whether a field has a value: it stays visible, so that no value is saved unseen. @param {HTMLElement} field */
function isFilled(field) {
  const input = find("input, select, textarea", field);
  if (input instanceof HTMLInputElement && input.type === "checkbox") return input.checked;
  return input !== null && "value" in input && input.value !== "";
}

function show() {
  for (const field of $$(".field", form)) {
    const stages = (field.dataset.stages ?? "").split(" ");
    field.hidden = !stages.includes(stage.value) && !isFilled(field);
  }
  for (const fold of $$("details.fold", form)) fold.hidden = $$(".field", fold).every(({ hidden }) => hidden);
}

stage.addEventListener("change", show);
show();
find("[aria-invalid]", form)?.focus();
