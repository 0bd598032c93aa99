// Dividers between panes: dragged with the pointer, moved with the arrow keys, and reset with a
// double click. A divider is an element with role="separator" after its pane:
//
//   data-divider  the name of the CSS property with the pane's width: --NAME-width
//   aria-valuemin, aria-valuemax  the smallest and the largest width, in pixels
//
// This browser remembers the width; theme-boot.js applies it before the first paint.

import { $$ } from "../core/dom.js";
import * as storage from "../core/storage.js";

const STEP = 24; // pixels for each press of an arrow key
const root = document.documentElement;

/** @param {HTMLElement} divider @param {number | null} width in pixels; null: the default */
function resize(divider, width) {
  const name = divider.dataset.divider ?? "";
  const [least, most] = [Number(divider.ariaValueMin), Number(divider.ariaValueMax)];
  const value = width === null ? "" : String(Math.round(Math.max(least, Math.min(most, width))));
  if (value) root.style.setProperty(`--${name}-width`, `${value}px`);
  else root.style.removeProperty(`--${name}-width`);
  storage.set(`width.${name}`, value);
  show(divider);
}

/** @param {HTMLElement} divider */
const pane = (divider) => /** @type {HTMLElement} */ (divider.previousElementSibling);

/** @param {HTMLElement} divider */
function show(divider) {
  divider.ariaValueNow = String(Math.round(pane(divider).getBoundingClientRect().width));
}

/** @param {HTMLElement} divider */
function take(divider) {
  divider.hidden = false;
  show(divider);
  divider.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    divider.setPointerCapture(event.pointerId);
    divider.focus();
  });
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    resize(divider, event.clientX - pane(divider).getBoundingClientRect().left);
  });
  divider.addEventListener("dblclick", () => resize(divider, null));
  divider.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    resize(divider, pane(divider).getBoundingClientRect().width + by);
  });
}

/** Activate the dividers of the page. */
export function start() {
  for (const divider of $$("[data-divider]")) take(divider);
}
