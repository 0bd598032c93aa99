// The search field: its help while it has the focus, and the recent searches.

import { addressIn, traceOf } from "../core/addresses.js";
import { $, $$, byId, closest, el, find, focused, getJSON, setText } from "../core/dom.js";
import * as forms from "../core/forms.js";
import { load, morph, renewal } from "../core/fragments.js";
import { bind } from "../core/keys.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import * as storage from "../core/storage.js";
import { fill, gettext } from "../core/i18n.js";
import { sleep, soon } from "../core/timing.js";

const SETTING = "searches";
const SUGGEST_MS = 150;
const KEPT = 10;
const COUNT_AGAIN_MS = 2000;
const REST = 4; // times the duration of a count, at least
const COUNTED = 1000; // the server counts only up to this

/** @returns {string[]} newest first */
function recent() {
  try {
    const found = JSON.parse(storage.get(SETTING) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string").slice(0, KEPT) : [];
  } catch {
    return []; // the storage holds something else
  }
}

/** @param {string[]} queries */
const remember = (queries) => storage.set(SETTING, JSON.stringify(queries.slice(0, KEPT)));

/** @param {HTMLInputElement} field @param {HTMLElement} help */
function showHelp(field, help) {
  const section = $("[data-recent]", help);
  const items = recent().map((query) => el("li", {}, el("a", { href: routes.list({ q: query }) }, query)));
  section.hidden = items.length === 0;
  $("ul", section).replaceChildren(...items);
  fit(field, help);
  help.hidden = false;
}

/** Show the fields that complete the last word. @param {HTMLInputElement} field @param {HTMLElement} help */
function fit(field, help) {
  offerTrace(field, help);
  suggest(field, help);
  const word = (field.value.split(/\s/).at(-1) ?? "").replace(/^-/, "").toLowerCase();
  const rows = $$("li:has([data-example])", help);
  const named = rows.filter((row) => $("[data-example]", row).dataset.example?.startsWith(word.split(":")[0]));
  // If no filter has this name, one may be about it: "yesterday" is on:yesterday.
  const about = rows.filter((row) => word.length > 2 && row.textContent?.toLowerCase().includes(word));
  for (const row of rows) row.hidden = !(named.length ? named : about).includes(row);
  $("[data-filters]", help).hidden = !find("li:has([data-example]):not([hidden])", help);
  $("[data-enter]", help).hidden = !word;
}

/** Offer to trace a typed address: its mail may be missing. @param {HTMLInputElement} field @param {HTMLElement} help */
function offerTrace(field, help) {
  const offer = $("[data-offer-trace]", help);
  const link = $("a", offer, HTMLAnchorElement);
  const address = addressIn(field.value);
  offer.hidden = !address;
  link.href = traceOf(address, new URLSearchParams(location.search).get("q") ?? "");
  setText(link, fill(gettext("Trace mail to %(address)s"), { address }));
}

/** @type {(() => void) | undefined} fetches the addresses that contain the last word */
let suggestSoon;

/** Offer known addresses that contain the last word. @param {HTMLInputElement} field @param {HTMLElement} help */
function suggest(field, help) {
  const section = $("[data-addresses]", help);
  suggestSoon ??= soon(async () => {
    const part = (field.value.split(/\s/).at(-1) ?? "").replace(/^(?:to|from|cc|bcc):/i, "");
    // Merged, so that the focus on one of them stays.
    morph($("ul", section), await renewal(`${section.dataset.addresses}?${new URLSearchParams({ part })}`));
    section.hidden = !find("a", section);
  }, SUGGEST_MS);
  suggestSoon();
}

/** Replace the last word with an example. @param {HTMLInputElement} field @param {string} example */
function take(field, example) {
  const before = field.value.replace(/\S*$/, "");
  field.value = before + example;
  field.focus();
  const colon = example.indexOf(":");
  const from = before.length + (colon < 0 ? 0 : colon + 1);
  field.setSelectionRange(from, field.value.length);
}

/** @param {HTMLInputElement} field @param {HTMLElement} help @param {KeyboardEvent} event */
function press(field, help, event) {
  if (event.key === "Escape" && !help.hidden) {
    help.hidden = true;
    event.stopPropagation();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [field, ...$$("a, button", help)].filter((each) => each.checkVisibility());
  const active = focused();
  const at = active ? stops.indexOf(active) : -1;
  const step = event.key === "ArrowDown" ? 1 : -1;
  stops[(at + step + stops.length) % stops.length].focus();
  event.preventDefault();
}

/**
 * Check first whether a query is valid. If it is not, the page stays, and shows the reason and a query that may
 * be meant.
 * @param {HTMLFormElement} form @param {HTMLInputElement} field @param {HTMLElement} help
 */
function startCheck(form, field, help) {
  const box = $("[data-search-wrong]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = field.value;
    const url = `${box.dataset.searchWrong}?${new URLSearchParams({ q: query })}`;
    const checked = await load(box, url).catch(() => {
      box.replaceChildren(); // the server's own page shows the error
      return true;
    });
    if (!checked) return; // another query was submitted meanwhile
    const isWrong = box.childElementCount > 0;
    if (!isWrong) form.submit();
    if (isWrong && field.value !== query) return; // the user is already correcting it
    box.hidden = !isWrong;
    if (isWrong) help.hidden = true;
    field.setAttribute("aria-invalid", String(isWrong));
  });
  field.addEventListener("input", () => {
    box.hidden = true;
    field.setAttribute("aria-invalid", "false");
  });
}

function startHelp() {
  const form = $("form:has([data-search])", document, HTMLFormElement);
  const field = $("[data-search]", form, HTMLInputElement);
  const help = byId("search-help");
  const invalid = field.getAttribute("aria-invalid") === "true";
  startCheck(form, field, help);
  field.addEventListener("focus", () => showHelp(field, help));
  field.addEventListener("input", () => fit(field, help));
  form.addEventListener("keydown", (event) => press(field, help, event));
  form.addEventListener("focusout", (event) => {
    if (!form.contains(/** @type {Node | null} */ (event.relatedTarget))) help.hidden = true;
  });
  help.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  help.addEventListener("click", (event) => {
    const example = closest(event.target, "[data-example]");
    if (example) take(field, example.dataset.example ?? "");
    if (closest(event.target, "[data-forget]")) {
      remember([]);
      showHelp(field, help);
    }
  });
  const query = new URLSearchParams(location.search).get("q")?.trim();
  const shown = query && query === field.defaultValue && !invalid; // not the filter of another list
  if (shown) remember([query, ...recent().filter((each) => each !== query)]);
}

/** Keep the counts of the saved searches current, at most every 2 seconds, and less often if counting is slow. */
function startCounts() {
  const links = $$("[data-saved]");
  if (!links.length) return;
  const renew = soon(async () => {
    const began = performance.now();
    const counts = await getJSON(routes.searchCounts);
    for (const link of links) {
      const found = counts[link.dataset.saved ?? ""];
      const words = found === null ? "!" : found >= COUNTED ? `${COUNTED - 1}+` : String(found ?? "");
      setText($(".count", link), words);
    }
    await sleep(REST * (performance.now() - began));
  }, COUNT_AGAIN_MS);
  live().subscribe("messages", { load: renew, events: renew });
}

function startSaving() {
  const menu = find("[data-save-search]", document, HTMLDetailsElement);
  if (menu) bind({ S: () => forms.open(menu) });
}

/** Listen. */
export function start() {
  startHelp();
  startSaving();
  startCounts();
}
