// Single-key shortcuts: off in forms, and off altogether where people say so (WCAG 2.1.4).

import * as forms from "./forms.js";
import { keep, kept } from "./storage.js";

const SETTING = "keys";
/** @type {Map<string, (event: KeyboardEvent) => void>} */
const bindings = new Map();
let on = kept(SETTING) !== "off";

/**
 * Bind keys, by their KeyboardEvent.key. A later binding of a key replaces an earlier one.
 * @param {Record<string, (event: KeyboardEvent) => void>} keys
 */
export function bind(keys) {
  for (const [key, action] of Object.entries(keys)) bindings.set(key, action);
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if (forms.isIn(event)) {
    if (event.key === "Escape") forms.leave();
    return;
  }
  const action = bindings.get(event.key);
  // Escape is no character: it works where single keys are off.
  if (!action || (!on && event.key.length === 1)) return;
  event.preventDefault();
  action(event);
}

/** @returns {HTMLDialogElement} */
const sheet = () => /** @type {HTMLDialogElement} */ (document.getElementById("keys"));

/** Do what a key does, also where single keys are off. @param {string} key */
export const run = (key) => bindings.get(key)?.(new KeyboardEvent("keydown", { key }));

/** Whether single keys do something. */
export const areOn = () => on;

/** Switch single keys on or off. @param {boolean} wanted */
export function turn(wanted) {
  on = wanted;
  /** @type {HTMLInputElement} */ (sheet().querySelector("[data-keys-switch]")).checked = on;
  keep(SETTING, on ? "on" : "off");
}

/** Show the sheet of shortcuts. */
export const showSheet = () => sheet().showModal();

/** Listen, and let the sheet of shortcuts open by its button and by "?". */
export function start() {
  const box = /** @type {HTMLInputElement} */ (sheet().querySelector("[data-keys-switch]"));
  box.checked = on;
  box.addEventListener("change", () => turn(box.checked));
  const button = /** @type {HTMLElement} */ (document.querySelector("[data-keys-button]"));
  button.hidden = false;
  button.addEventListener("click", showSheet);
  bind({
    "?": showSheet,
    "/": () => /** @type {HTMLElement | null} */ (document.querySelector(".search input"))?.focus(),
  });
  document.addEventListener("keydown", press);
}
