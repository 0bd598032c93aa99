// Pieces of pages that the server renders: fetched again, and merged into what is shown.

import { $$, closest, find, isModified } from "./dom.js";

/** @type {((root: ParentNode) => void)[]} */
const finishers = [];

/**
 * Finish every piece before it is shown: what the page brought, and what comes later by
 * htmx or by `fragment`.
 * @param {(root: ParentNode) => void} finisher
 */
export function finish(finisher) {
  finishers.push(finisher);
  finisher(document);
}

/** @type {Promise<void>} that no pointer is pressed any more */
let released = Promise.resolve();

function press() {
  const up = new AbortController();
  released = new Promise((done) => {
    /** @param {Event} event */
    const look = (event) => {
      if (event instanceof PointerEvent && event.buttons) return;
      up.abort();
      setTimeout(done); // after the click
    };
    for (const name of ["pointerup", "pointercancel", "pointermove", "blur"]) {
      addEventListener(name, look, { capture: true, signal: up.signal });
    }
  });
}

/** Finish what comes by htmx, too, and know when a pointer is pressed. */
export function start() {
  // htmx would take a link that is to open in a tab of its own.
  document.addEventListener("click", (event) => {
    if (isModified(event) && closest(event.target, "a[hx-get]")) event.stopPropagation();
  }, { capture: true });
  addEventListener("pointerdown", press, { capture: true });
  document.addEventListener("htmx:beforeSwap", mergeAnswer);
  document.addEventListener("htmx:afterSwap", ({ target }) => {
    for (const finisher of finishers) finisher(/** @type {Element} */ (target));
  });
}

/** Return markup as nodes that are not in the page yet. @param {string} markup */
function made(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  for (const finisher of finishers) finisher(template.content);
  return template.content;
}

/**
 * Fetch a fragment, as nodes that are not in the page yet.
 * @param {string} url
 * @returns {Promise<DocumentFragment>} rejects with an Error in words
 */
export async function fragment(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return made(await response.text());
}

/** The answer to a form of a [data-refresh] box is merged: what is being written in others stays. @param {Event} event */
function mergeAnswer(event) {
  const { detail } = /** @type {CustomEvent} */ (event);
  const { target: box, requestConfig } = detail;
  if (!detail.shouldSwap || !(box instanceof HTMLElement) || box.dataset.refresh === undefined) return;
  detail.shouldSwap = false;
  const fresh = made(detail.serverResponse);
  if (requestConfig.elt instanceof HTMLFormElement) settle(requestConfig.elt, requestConfig.formData, fresh);
  morph(box, fresh);
}

/**
 * Let the server decide about a form that was sent, unless somebody has gone on writing in it:
 * what its fields hold, and whether its menu is open.
 * @param {HTMLFormElement} form @param {FormData} sent @param {DocumentFragment} fresh
 */
function settle(form, sent, fresh) {
  if (![...new FormData(form)].every(([name, value]) => sent.get(name) === value)) return;
  form.reset();
  const menu = closest(form, "details", HTMLDetailsElement);
  const summary = menu && find("summary[id]", menu);
  const twin = summary && find(`details:has(> #${summary.id})`, fresh, HTMLDetailsElement);
  if (twin) menu.open = twin.open;
}

/** Wait until no pointer is pressed: a link that is replaced between the press and its end never hears of the click. */
export const unpressed = () => released;

/**
 * Fetch a fragment that is to take the place of what is shown, once no pointer is pressed.
 * @param {string} url
 * @returns {Promise<DocumentFragment>} rejects with an Error in words
 */
export async function renewal(url) {
  const fresh = await fragment(url);
  await unpressed();
  return fresh;
}

/** @type {WeakMap<Element, object>} for each box, what was asked for last */
const asked = new WeakMap();

/**
 * Show a fragment as the content of a box, unless another was asked for meanwhile.
 * @param {Element} box
 * @param {string} url
 * @returns {Promise<boolean>} whether it is shown; rejects with an Error in words
 */
export async function load(box, url) {
  const turn = {};
  asked.set(box, turn);
  const fresh = await renewal(url);
  if (asked.get(box) !== turn) return false;
  box.replaceChildren(fresh);
  return true;
}

/**
 * Make the content of a box equal to that of `fresh`, changing only what differs: the
 * focus, what is typed and ticked, and which details are open stay as they are.
 * @param {Element} box
 * @param {ParentNode & Node} fresh it is taken apart
 */
export function morph(box, fresh) {
  const focused = document.activeElement;
  const href = focused && box.contains(focused) ? focused.getAttribute("href") : null;
  Idiomorph.morph(box, [...fresh.childNodes], {
    morphStyle: "innerHTML",
    callbacks: { beforeAttributeUpdated: (name, node) => !isUsersOwn(name, node) },
  });
  htmx.process(box);
  const stays = document.activeElement === focused && focused?.getAttribute("href") === href;
  if (href !== null && !stays) focusLink(box, href);
}

/**
 * Focus a link by its target: merging may have made another one of its element.
 * @param {Element} box @param {string} href
 */
function focusLink(box, href) {
  $$("a", box)
    .find((link) => link.getAttribute("href") === href)
    ?.focus({ preventScroll: true });
}

/** Whether an attribute is a person's to set, and was set. @param {string} name @param {Element} node */
function isUsersOwn(name, node) {
  if (node instanceof HTMLDetailsElement) return name === "open";
  if (node instanceof HTMLTextAreaElement) return name === "value" && node.value !== node.defaultValue;
  if (!(node instanceof HTMLInputElement)) return false;
  return name === "checked" || (name === "value" && node.value !== node.defaultValue);
}
