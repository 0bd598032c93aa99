// The message in the pane: its tabs and its actions.

import { $$, byId, centre, closest, find, isModified } from "../core/dom.js";
import { finish } from "../core/fragments.js";
import { gettext } from "../core/i18n.js";
import { bind } from "../core/keys.js";
import { routes } from "../core/routes.js";
import { toast } from "../core/toast.js";
import * as headerFilter from "./header-filter.js";
import * as pane from "./pane.js";
import * as preview from "./preview.js";

const TAB = '[role="tab"]';
/** The element that the tabs scroll in; if all have room, nothing scrolls. */
const strip = () => find("#detail .tabs-row");
const tabs = () => $$(`#detail ${TAB}`, document, HTMLAnchorElement);

/** Mark a tab as chosen, and load its panel. @param {HTMLAnchorElement} chosen */
function choose(chosen) {
  for (const tab of tabs()) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
  }
  centre(chosen, strip());
  byId("detail").scrollTop = 0;
  bring(chosen);
}

/** Load the panel of a tab, or of one of its views, and put it into the address. @param {HTMLAnchorElement} chosen */
function bring(chosen) {
  const to = new URL(chosen.href);
  const asked = new URLSearchParams(location.search);
  for (const name of ["q", "show"]) if (asked.has(name)) to.searchParams.set(name, asked.get(name) ?? "");
  pane.rename(to);
  htmx.ajax("get", chosen.href, { source: chosen, target: "#panel", swap: "outerHTML" }).catch(() => {
    // A later request replaced it, or it failed, which app.js reports.
  });
}

/** Mark the page's message as read, if the server could not know that a person opened it. */
function markOpened() {
  const shown = find("[data-message][data-unopened]");
  if (!shown) return;
  if (/** @type {any} */ (document).prerendering) {
    document.addEventListener("prerenderingchange", markOpened, { once: true });
    return;
  }
  htmx.ajax("post", routes.mark(shown.dataset.message ?? ""), { target: "#message-read", swap: "innerHTML", values: { read: "yes" } }).catch(() => {
    // It stays unread, which app.js has reported.
  });
}

/** Scroll to the chosen tab: on a narrow screen the strip of tabs is wider than the pane. */
const showTab = () => centre(tabs().find((tab) => tab.ariaSelected === "true"), strip());

/** Open the tab before or after the chosen one. @param {number} step */
function beside(step) {
  const all = tabs();
  const at = all.findIndex((tab) => tab.ariaSelected === "true");
  all[(at + step + all.length) % all.length]?.click();
}

/** Move along the tabs with the arrow keys; open one with the space bar, like Enter. @param {KeyboardEvent} event */
function alongTabs(event) {
  const on = closest(event.target, TAB, HTMLAnchorElement);
  if (!on) return;
  const all = tabs();
  const at = all.indexOf(on);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1, " ": at }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = all[(to + all.length) % all.length];
  if (event.key === " ") tab.click();
  else tab.focus();
}

const peekSheet = () => find("#peek-sheet", document, HTMLDialogElement);

/** Copy the address of the message. @param {HTMLElement} button */
async function copyLink(button) {
  await navigator.clipboard.writeText(new URL(button.dataset.copyLink ?? "", location.href).href);
  toast(gettext("Link copied"));
}

/** Print a message with a frame that contains only the message. @param {HTMLAnchorElement} link */
function print(link) {
  find("iframe[data-printed]")?.remove();
  const frame = document.createElement("iframe");
  frame.dataset.printed = "";
  frame.hidden = true;
  frame.setAttribute("sandbox", "allow-same-origin allow-modals");
  frame.addEventListener("load", () => frame.contentWindow?.print());
  frame.src = link.href;
  document.body.append(frame);
}

/** Run the actions of the menus in the head. @param {MouseEvent} event */
function act(event) {
  const { target } = event;
  const link = closest(target, "[data-copy-link]");
  if (link) copyLink(link);
  const printed = closest(target, "[data-print]", HTMLAnchorElement);
  if (!printed || isModified(event)) return;
  event.preventDefault();
  print(printed);
}

/**
 * Show the loaded content of a chosen part, over the mail or below the parts. Links that open the
 * HTML elsewhere keep the choice of images. @param {Event} event
 */
function showPart({ target }) {
  if (!(target instanceof HTMLElement)) return;
  if (target.id === "peek") peekSheet()?.showModal();
  if (target.id !== "panel") return;
  find(".preview", target)?.scrollIntoView({ block: "nearest" });
  const frame = find("iframe[data-frame]", target, HTMLIFrameElement);
  for (const link of $$("a[data-as-framed]", byId("detail"), HTMLAnchorElement)) link.search = frame ? new URL(frame.src).search : "";
}

/**
 * @param {object} hooks notify the list
 * @param {(id: string) => void} hooks.opened
 * @param {(id: string) => void} hooks.deleted
 * @param {() => void} hooks.restored
 */
export function start({ opened, deleted, restored }) {
  const detail = byId("detail");
  detail.addEventListener("htmx:afterSwap", (event) => {
    if (closest(event.target, ".tabs-row")) showTab(); // a count has arrived, which widens a tab
    const mail = find("[data-message]");
    if (event.target !== detail || !mail) return;
    showTab();
    opened(mail.dataset.message ?? "");
  });
  detail.addEventListener("click", (event) => {
    const tab = closest(event.target, TAB, HTMLAnchorElement);
    const view = closest(event.target, "[data-panel]", HTMLAnchorElement);
    if ((!tab && !view) || isModified(event)) return;
    event.preventDefault();
    if (tab) choose(tab);
    else if (view) bring(view);
  });
  detail.addEventListener("keydown", alongTabs);
  document.addEventListener("click", act);
  detail.addEventListener("htmx:afterSwap", showPart);
  finish((root) => {
    if (!navigator.clipboard) return;
    for (const button of $$("[data-copy-link]", root)) button.hidden = false;
  });
  // Sent by the server with the answer to a deletion.
  document.addEventListener("message-deleted", (event) => {
    const { id } = /** @type {CustomEvent} */ (event).detail;
    deleted(id);
    toast(gettext("Moved to the trash"), {
      label: gettext("Undo"),
      run: () => htmx.ajax("post", routes.restore(id), { swap: "none" }).then(restored),
    });
  });
  const numbers = [1, 2, 3, 4, 5, 6].map((number) => [String(number), () => tabs()[number - 1]?.click()]);
  bind(pane.onceShown({
    ...Object.fromEntries(numbers),
    "[": () => beside(-1),
    "]": () => beside(1),
    v: () => find("[data-compare]", detail)?.click(),
    y: () => find("[data-copy-value]", detail)?.click(),
  }));
  showTab();
  markOpened();
  preview.start();
  headerFilter.start();
}
