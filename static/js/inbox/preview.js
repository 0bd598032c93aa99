// How wide a mail's HTML is shown, and in which colours: kept in this browser.

import { keep, kept } from "../core/storage.js";
import { bind } from "../core/keys.js";

const SETTING = "view.";
const WIDTHS = ["full", "768", "375"];
const SCHEMES = ["light", "dark"];

/** @returns {HTMLElement | null} */
const frame = () => document.querySelector("#panel [data-frame]");

/** Show the frame so, and say so in the choices. @param {string} name @param {string} value */
function show(name, value) {
  const shown = frame();
  if (!shown) return;
  shown.dataset[name] = value;
  for (const choice of document.querySelectorAll(`#panel [data-view="${name}"]`)) {
    const { dataset } = /** @type {HTMLElement} */ (choice);
    if (dataset.value === value) choice.setAttribute("aria-current", "true");
    else choice.removeAttribute("aria-current");
  }
}

/** @param {string} name @param {string} value */
function choose(name, value) {
  show(name, value);
  keep(SETTING + name, value);
}

function restore() {
  const asked = new URLSearchParams(location.search);
  for (const name of ["width", "scheme"]) {
    const value = kept(SETTING + name);
    if (value && !asked.has(name)) show(name, value);
  }
}

/** @param {string} name @param {string[]} values */
function next(name, values) {
  const shown = frame();
  if (shown) choose(name, values[(values.indexOf(shown.dataset[name] ?? "") + 1) % values.length]);
}

/** Take over the choices of the panel. */
export function start() {
  document.addEventListener("click", (event) => {
    const choice = event.target instanceof Element && /** @type {HTMLElement | null} */ (event.target.closest("[data-view]"));
    if (!choice || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(choice.dataset.view ?? "", choice.dataset.value ?? "");
  });
  document.addEventListener("htmx:afterSwap", restore);
  bind({
    w: () => next("width", WIDTHS),
    l: () => next("scheme", SCHEMES),
    i: () => /** @type {HTMLElement | null} */ (document.querySelector("#panel [data-images]"))?.click(),
  });
  restore();
}
