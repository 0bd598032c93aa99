// Pieces of pages that the server renders: fetched again, and merged into what is shown.

import { $, $$, closest, find, isModified } from "./dom.js";
import { isTyping } from "./forms.js";

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

/** @type {Map<object, unknown[]>} for each piece of the page that is on its way, what was told meanwhile */
const onTheWay = new Map();
/** @type {((piece: ParentNode, told: any[]) => void)[]} */
const catchers = [];

/** Note what is told: pieces that are on their way may have been made before. @param {unknown} news */
export function note(news) {
  for (const told of onTheWay.values()) told.push(news);
}

/**
 * Be called with each piece that is shown, and with what was told while it was on its way.
 * @param {(piece: ParentNode, told: any[]) => void} catcher
 */
export function catchUp(catcher) {
  catchers.push(catcher);
}

/** @param {ParentNode} piece that is shown now @param {object} way by which it came */
function arrived(piece, way) {
  for (const catcher of catchers) catcher(piece, onTheWay.get(way) ?? []);
}

/** Finish what comes by htmx, too, and know when a pointer is pressed. */
export function start() {
  // htmx would take a link that is to open in a tab of its own.
  document.addEventListener("click", (event) => {
    if (isModified(event) && closest(event.target, "a[hx-get]")) event.stopPropagation();
  }, { capture: true });
  addEventListener("pointerdown", press, { capture: true });
  document.addEventListener("htmx:beforeSwap", mergeAnswer);
  document.addEventListener("htmx:beforeSend", (event) => {
    const { xhr } = /** @type {CustomEvent} */ (event).detail;
    onTheWay.set(xhr, []);
    xhr.addEventListener("loadend", () => onTheWay.delete(xhr));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const piece = /** @type {Element} */ (event.target);
    for (const finisher of finishers) finisher(piece);
    arrived(piece, /** @type {CustomEvent} */ (event).detail.xhr);
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

/** The answer to a form of a [data-refresh] or [data-merge] box is merged: what is being written in others stays. @param {Event} event */
function mergeAnswer(event) {
  const { detail } = /** @type {CustomEvent} */ (event);
  const { target: box, requestConfig } = detail;
  if (!detail.shouldSwap || !(box instanceof HTMLElement) || !box.matches("[data-refresh], [data-merge]")) return;
  detail.shouldSwap = false;
  const answer = made(detail.serverResponse);
  const [select, aside] = [box.getAttribute("hx-select"), box.getAttribute("hx-select-oob")];
  const fresh = select ? $(select, answer) : answer;
  if (requestConfig.elt instanceof HTMLFormElement) settle(requestConfig.elt, requestConfig.formData, fresh);
  morph(box, fresh);
  if (!isTyping()) find("[autofocus]", box)?.focus();
  if (aside) $(aside).replaceWith($(aside, answer));
}

/**
 * Let the server decide about a form that was sent, unless somebody has gone on writing in it:
 * what its fields hold, and whether its menu is open.
 * @param {HTMLFormElement} form @param {FormData} sent @param {ParentNode} fresh
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

/** @type {WeakMap<Element, { url: string }>} for each box, what was asked for last */
const asked = new WeakMap();

/** The URL that was asked for last as the content of a box, if any was. @param {Element} box */
export const askedFor = (box) => asked.get(box)?.url;

/**
 * Show a fragment as the content of a box, unless another was asked for meanwhile.
 * @param {Element} box
 * @param {string} url
 * @param {(box: Element, fresh: DocumentFragment) => void} [show] puts it there
 * @returns {Promise<boolean>} whether it is shown; rejects with an Error in words
 */
export async function load(box, url, show = (into, fresh) => into.replaceChildren(fresh)) {
  const turn = { url };
  asked.set(box, turn);
  onTheWay.set(turn, []);
  try {
    const fresh = await renewal(url);
    if (asked.get(box) !== turn) return false;
    show(box, fresh);
    arrived(box, turn);
    return true;
  } finally {
    onTheWay.delete(turn);
  }
}

/** @type {WeakMap<Element, number>} when a box was last merged, by performance.now() */
const merged = new WeakMap();

/** Whether what was asked for at a moment may be older than what a box shows. @param {Element} box @param {number} at */
export const isOlder = (box, at) => (merged.get(box) ?? -1) > at;

/**
 * Make the content of a box equal to that of `fresh`, changing only what differs: the
 * focus, what is typed, ticked and chosen, and which details are open stay as they are.
 * @param {Element} box
 * @param {ParentNode & Node} fresh it is taken apart
 */
export function morph(box, fresh) {
  const focused = document.activeElement;
  const href = focused && box.contains(focused) ? focused.getAttribute("href") : null;
  const chosen = new Set($$("select", box, HTMLSelectElement).filter(isChosen));
  merged.set(box, performance.now());
  Idiomorph.morph(box, [...fresh.childNodes], {
    morphStyle: "innerHTML",
    callbacks: {
      beforeNodeMorphed: (node) => !(node instanceof Element && node.hasAttribute("hx-preserve")),
      beforeAttributeUpdated: (name, node) => !isUsersOwn(name, node, chosen),
    },
  });
  htmx.process(box);
  const stays = document.activeElement === focused && focused?.getAttribute("href") === href;
  if (href !== null && !stays) focusLink(box, href);
}

/**
 * Make an element equal to another, which is taken apart: whoever presses it, reads in it or has opened
 * something of it goes on.
 * @param {Element} old @param {Element} fresh
 */
export function renew(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morph(old, fresh);
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

/** Whether a person chose another option than the server. @param {HTMLSelectElement} select */
function isChosen({ options, selectedIndex }) {
  return selectedIndex !== Math.max(0, [...options].findIndex((each) => each.defaultSelected));
}

/**
 * Whether an attribute is a person's to set, and was set.
 * @param {string} name @param {Element} node @param {Set<HTMLSelectElement>} chosen in which a person chose
 */
function isUsersOwn(name, node, chosen) {
  const select = closest(node, "select", HTMLSelectElement);
  if (node instanceof HTMLOptionElement) return name === "selected" && select !== null && chosen.has(select);
  if (node instanceof HTMLDetailsElement) return name === "open";
  if (node instanceof HTMLTextAreaElement) return name === "value" && node.value !== node.defaultValue;
  if (!(node instanceof HTMLInputElement)) return false;
  return (name === "checked" && node.checked !== node.defaultChecked) || (name === "value" && node.value !== node.defaultValue);
}
