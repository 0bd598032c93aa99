// The palette: Ctrl-K or Cmd-K, a few letters, Enter. It is a combobox with a listbox, after the
// WAI-ARIA pattern: the focus stays in the field, the arrow keys select. Any other text can be
// searched for, or traced.

import { addressIn, traceOf } from "../core/addresses.js";
import { $, $$, byId, closest, setText } from "../core/dom.js";
import * as keys from "../core/keys.js";
import { routes } from "../core/routes.js";
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

/** Whether a command is possible here, and each typed word begins one of its words. @param {HTMLElement} option @param {string} typed */
function fits(option, typed) {
  const { needs } = option.dataset;
  if (needs !== undefined && !document.querySelector(needs)) return false;
  const words = (option.textContent ?? "").trim().toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return typed.toLowerCase().split(/\s+/).every((part) => words.some((word) => word.startsWith(part)));
}

/** Name the typed text in an entry that takes any text. @param {HTMLElement} option @param {string} typed @param {string} address */
function nameSearch(option, typed, address) {
  if ("address" in option.dataset) {
    option.hidden = !address;
    setText($("span", option), fill(gettext("Trace mail to %(address)s"), { address }));
  } else if (option.dataset.find === "trace") {
    option.hidden = Boolean(address) || !/^\S{2,}$/.test(typed);
    setText($("span", option), fill(gettext("Trace “%(text)s”"), { text: typed }));
  } else {
    option.hidden = !typed;
    setText($("span", option), fill(gettext("Search mail for “%(text)s”"), { text: typed }));
  }
}

/** Show the commands that match the typed text, and the possible searches. */
function filter() {
  const typed = field().value.trim();
  const address = addressIn(typed);
  const commands = options().filter(({ dataset }) => !("address" in dataset || "find" in dataset));
  for (const option of options()) {
    if (commands.includes(option)) option.hidden = !fits(option, typed);
    else nameSearch(option, typed, address);
  }
  choose(shown()[0]);
  const found = commands.filter((option) => !option.hidden);
  setText($("[role=status]", dialog()), typed ? fill(ngettext("%(n)s command", "%(n)s commands", found.length), { n: found.length }) : "");
}

/** @param {HTMLElement | undefined} option */
function run(option) {
  if (!option) return;
  const { go, press: key, click, submit, find, themeChoice } = option.dataset;
  const typed = field().value.trim();
  dialog().close();
  if (go) location.assign(go);
  else if (key) keys.run(key);
  else if (click) $(click).click();
  else if (submit) $(submit, document, HTMLFormElement).submit();
  else if (find === "search") location.assign(routes.list({ q: typed }));
  else if (find === "trace") location.assign(traceOf(typed));
  else if ("address" in option.dataset) location.assign(traceOf(addressIn(typed)));
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
    if (event.target === dialog()) dialog().close(); // a click outside it
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
