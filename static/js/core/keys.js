// Single-key shortcuts: off in forms, and everywhere if the user turns them off (WCAG 2.1.4).
// Each page binds its own; a later binding of a key replaces an earlier one.

import { $, byId, find } from "./dom.js";
import * as forms from "./forms.js";
import * as storage from "./storage.js";

const SETTING = "keys";
/** @type {Map<string, (event: KeyboardEvent) => void>} */
const bindings = new Map();
let on = storage.get(SETTING) !== "off";

/**
 * Bind keys by their KeyboardEvent.key. A later binding of a key replaces an earlier one.
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
  // Escape is no character: it works even if single keys are off.
  if (!action || (!on && event.key.length === 1)) return;
  event.preventDefault();
  action(event);
}

const sheet = () => byId("keys", HTMLDialogElement);
const checkbox = () => $("[data-keys-switch]", sheet(), HTMLInputElement);

/** Run the action of a key, even if single keys are off. @param {string} key */
export const run = (key) => bindings.get(key)?.(new KeyboardEvent("keydown", { key }));

/** Whether single keys are on. */
export const areOn = () => on;

/** Switch single keys on or off. @param {boolean} wanted */
export function turn(wanted) {
  on = wanted;
  checkbox().checked = on;
  storage.set(SETTING, on ? "on" : "off");
}

/** Show the sheet of shortcuts. */
export const showSheet = () => sheet().showModal();

/** Listen, and open the sheet of shortcuts with its button and with "?". */
export function start() {
  checkbox().checked = on;
  checkbox().addEventListener("change", () => turn(checkbox().checked));
  const button = $("[data-keys-button]");
  button.hidden = false;
  button.addEventListener("click", showSheet);
  bind({
    "?": showSheet,
    "/": () => find(".search input")?.focus(),
  });
  document.addEventListener("keydown", press);
}
