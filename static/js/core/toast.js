// Messages of the page outside its content: toasts, and announcements for screen readers.

import { $$, byId, el } from "./dom.js";

const TOAST_MS = 8000;
const BETWEEN_MS = 5000;

/**
 * Show a line for a while, with at most one action.
 * @param {string} text
 * @param {{ label: string, run: () => void }} [action]
 */
export function toast(text, action) {
  const line = el("div", { class: "toast" }, text);
  const away = () => line.remove();
  let timer = setTimeout(away, TOAST_MS);
  if (action) {
    line.append(el("button", { type: "button", onclick: () => { away(); action.run(); } }, action.label));
    // It must not vanish from under the pointer or the focus.
    const stay = () => clearTimeout(timer);
    const leave = () => { clearTimeout(timer); timer = setTimeout(away, TOAST_MS); };
    line.addEventListener("pointerenter", stay);
    line.addEventListener("pointerleave", leave);
    line.addEventListener("focusin", stay);
    line.addEventListener("focusout", leave);
  }
  for (const other of $$(".toast:not(.importing, :hover, :focus-within)", byId("toasts"))) other.remove();
  byId("toasts").prepend(line); // at the start, so that no other toast moves
}

let saidAt = -Infinity;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let later;

/**
 * Announce a text to screen readers: only the latest one, at most every 5 seconds.
 * @param {string} text
 */
export function announce(text) {
  clearTimeout(later);
  later = setTimeout(() => {
    saidAt = performance.now();
    byId("announcements").textContent = text;
  }, Math.max(0, saidAt + BETWEEN_MS - performance.now()));
}
