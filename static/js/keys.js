// Single-key shortcuts: off while typing, and off altogether where people say so (WCAG 2.1.4).

const SETTING = "mailsink.keys";
/** @type {Map<string, (event: KeyboardEvent) => void>} */
const bindings = new Map();
let on = true;

/**
 * Bind keys, by their KeyboardEvent.key. A later binding of a key replaces an earlier one.
 * @param {Record<string, (event: KeyboardEvent) => void>} keys
 */
export function bind(keys) {
  for (const [key, action] of Object.entries(keys)) bindings.set(key, action);
}

/** @param {EventTarget | null} target */
function takesText(target) {
  return target instanceof Element && Boolean(target.closest("input, textarea, select, [contenteditable]"));
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (takesText(event.target)) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  const action = bindings.get(event.key);
  // Escape is no character: it works where single keys are off.
  if (!action || (!on && event.key.length === 1)) return;
  event.preventDefault();
  action(event);
}

/** @returns {HTMLDialogElement} */
const sheet = () => /** @type {HTMLDialogElement} */ (document.getElementById("keys"));

/** Show the sheet of shortcuts. */
export const showSheet = () => sheet().showModal();

/** Listen, and let the sheet of shortcuts open by its button and by "?". */
export function start() {
  const box = /** @type {HTMLInputElement} */ (sheet().querySelector("[data-keys-switch]"));
  try {
    on = localStorage.getItem(SETTING) !== "off";
  } catch {
    on = true; // storage is blocked: the default
  }
  box.checked = on;
  box.addEventListener("change", () => {
    on = box.checked;
    localStorage.setItem(SETTING, on ? "on" : "off");
  });
  const button = /** @type {HTMLElement} */ (document.querySelector("[data-keys-button]"));
  button.hidden = false;
  button.addEventListener("click", showSheet);
  bind({
    "?": showSheet,
    "/": () => /** @type {HTMLElement | null} */ (document.querySelector(".search input"))?.focus(),
  });
  document.addEventListener("keydown", press);
}
