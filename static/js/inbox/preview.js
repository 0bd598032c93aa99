// The width and the colours of a mail's HTML: remembered by this browser.

import { $$, closest, find, isModified } from "../core/dom.js";
import { bind } from "../core/keys.js";
import * as storage from "../core/storage.js";
import * as pane from "./pane.js";

const SETTING = "view.";
const TEXT = "text";
const WIDTHS = ["full", "768", "375"];
const SCHEMES = ["light", "dark", "partial", "inverted"];
const FORCED = SCHEMES.slice(2); // the server changes the colours

const frame = () => find("#panel [data-frame]", document, HTMLIFrameElement);

/** Load the frame again if the server must start or stop changing its colours. @param {HTMLIFrameElement} shown @param {string} scheme */
function force(shown, scheme) {
  const url = new URL(shown.src);
  if (FORCED.includes(scheme)) url.searchParams.set("scheme", scheme);
  else url.searchParams.delete("scheme");
  if (url.href !== shown.src) shown.src = url.href;
}

/** Apply a choice to the frame, and mark it in the menu. @param {string} name @param {string} value */
function show(name, value) {
  const shown = frame();
  if (!shown) return;
  shown.dataset[name] = value;
  if (name === "scheme") force(shown, value);
  for (const choice of $$(`#viewing [data-view="${name}"]`)) {
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
  setText(isProportional());
}

/** @param {string} name @param {string[]} values */
function next(name, values) {
  const shown = frame();
  if (shown) choose(name, values[(values.indexOf(shown.dataset[name] ?? "") + 1) % values.length]);
}

/** Show plain text in monospace, unless the user chose otherwise. @param {boolean} proportional */
function setText(proportional) {
  if (proportional) document.documentElement.dataset.text = "proportional";
  else delete document.documentElement.dataset.text;
  const button = find("#viewing [data-proportional]");
  if (!button) return;
  button.ariaPressed = String(proportional);
  button.hidden = false;
}

const isProportional = () => storage.get(TEXT) === "proportional";

/** Handle the choices of the panel. */
export function start() {
  document.addEventListener("click", (event) => {
    if (closest(event.target, "[data-proportional]")) {
      storage.set(TEXT, isProportional() ? "monospace" : "proportional");
      setText(isProportional());
    }
    const choice = closest(event.target, "[data-view]");
    if (!choice || isModified(event)) return;
    event.preventDefault();
    choose(choice.dataset.view ?? "", choice.dataset.value ?? "");
  });
  document.addEventListener("htmx:afterSwap", restore);
  bind(pane.onceShown({
    w: () => next("width", WIDTHS),
    l: () => next("scheme", SCHEMES),
    i: () => find("#panel [data-images]")?.click(),
  }));
  restore();
}
