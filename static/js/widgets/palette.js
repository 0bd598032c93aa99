// The palette: Ctrl-K or Cmd-K, a few letters, Enter. A combobox with its listbox, by the
// pattern of WAI-ARIA: the focus stays in the field, the arrows choose.

import { addressIn, traceOf } from "../core/addresses.js";
import { $, $$, byId, closest, setText } from "../core/dom.js";
import * as keys from "../core/keys.js";
import * as theme from "./theme.js";
import { fill, gettext, ngettext } from "../core/i18n.js";

const dialog = () => byId("palette", HTMLDialogElement);
const field = () => $("input", dialog(), HTMLInputElement);
const options = () => $$("[role=option]", dialog());
const shown = () => options().filter((each) => !each.hidden);
const chosen = () => shown().find((each) => each.ariaSelected === "true");

/** @param {HTMLElement | undefined} option */
function choose(option) {
  for (const each of options()) each.ariaSelected = String(each === option);
  field().setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

/** Show what fits what is typed: each of its words begins a word of the entry. */
function filter() {
  const typed = field().value.trim().toLowerCase();
  const address = addressIn(field().value);
  for (const option of options()) {
    if ("address" in option.dataset) {
      option.hidden = !address;
      setText($("span", option), fill(gettext("Where is mail to %(address)s?"), { address }));
    } else {
      const words = (option.textContent ?? "").trim().toLowerCase().split(/[^\p{L}\p{N}]+/u);
      const { needs } = option.dataset;
      const idle = needs !== undefined && !document.querySelector(needs);
      option.hidden = idle || !typed.split(/\s+/).every((part) => words.some((word) => word.startsWith(part)));
    }
  }
  const found = shown();
  choose(found[0]);
  $(".none", dialog()).hidden = found.length > 0;
  setText($("[role=status]", dialog()), typed ? fill(ngettext("%(n)s command", "%(n)s commands", found.length), { n: found.length }) : "");
}

/** @param {HTMLElement | undefined} option */
function run(option) {
  if (!option) return;
  const { go, press: key, themeChoice } = option.dataset;
  dialog().close();
  if (go) location.assign(go);
  else if (key) keys.run(key);
  else if ("address" in option.dataset) location.assign(traceOf(addressIn(field().value)));
  else if (themeChoice) theme.set(/** @type {theme.Theme} */ (themeChoice));
  else if ("keysSheet" in option.dataset) keys.showSheet();
}

/** @type {Record<string, (found: HTMLElement[], at: number) => HTMLElement | undefined>} */
const STEPS = {
  ArrowDown: (found, at) => found[(at + 1) % found.length],
  ArrowUp: (found, at) => found.at(at - 1),
};

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.isComposing) return;
  const found = shown();
  const step = STEPS[event.key];
  if (step) choose(step(found, found.findIndex((each) => each.ariaSelected === "true")));
  else if (event.key === "Enter") run(chosen());
  else return;
  event.preventDefault();
}

function open() {
  if (dialog().open || document.querySelector("dialog[open]")) return;
  field().value = "";
  filter();
  dialog().showModal();
  field().focus();
}

/** Listen, and show the button. */
export function start() {
  const button = $("[data-palette-button]");
  button.hidden = false;
  button.addEventListener("click", open);
  field().addEventListener("input", filter);
  field().addEventListener("keydown", press);
  dialog().addEventListener("click", (event) => {
    if (event.target === dialog()) dialog().close(); // beside it
    const option = closest(event.target, "[role=option]");
    if (option) run(option);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (dialog().open) dialog().close();
    else open();
  });
}
