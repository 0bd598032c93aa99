// How wide a mail's HTML is shown, and in which colours: remembered by this browser.

import { $$, closest, find, isModified } from "../core/dom.js";
import { bind } from "../core/keys.js";
import * as storage from "../core/storage.js";

const SETTING = "view.";
const WIDTHS = ["full", "768", "375"];
const SCHEMES = ["light", "dark"];

const frame = () => find("#panel [data-frame]");

/** Show the frame so, and say so in the choices. @param {string} name @param {string} value */
function show(name, value) {
  const shown = frame();
  if (!shown) return;
  shown.dataset[name] = value;
  for (const choice of $$(`#panel [data-view="${name}"]`)) {
    if (choice.dataset.value === value) choice.setAttribute("aria-current", "true");
    else choice.removeAttribute("aria-current");
  }
}

/** @param {string} name @param {string} value */
function choose(name, value) {
  show(name, value);
  storage.set(SETTING + name, value);
}

function restore() {
  const asked = new URLSearchParams(location.search);
  for (const name of ["width", "scheme"]) {
    const value = storage.get(SETTING + name);
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
    const choice = closest(event.target, "[data-view]");
    if (!choice || isModified(event)) return;
    event.preventDefault();
    choose(choice.dataset.view ?? "", choice.dataset.value ?? "");
  });
  document.addEventListener("htmx:afterSwap", restore);
  bind({
    w: () => next("width", WIDTHS),
    l: () => next("scheme", SCHEMES),
    i: () => find("#panel [data-images]")?.click(),
  });
  restore();
}
