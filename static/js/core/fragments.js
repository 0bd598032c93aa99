// Pieces of pages that the server renders: fetched again, and merged into what is shown.

import { $, $$, closest, find, isModified } from "./dom.js";
import { isTyping } from "./forms.js";

const FIELDS = "input:not([type=hidden]), select, textarea";

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

/** @type {Map<object, unknown[]>} for each piece of the page that is on its way, the news that came meanwhile */
const onTheWay = new Map();
/** @type {((piece: ParentNode, news: any[]) => void)[]} */
const catchers = [];

/** Note a piece of news: what is on its way may have been made before. @param {unknown} one */
export function note(one) {
  for (const news of onTheWay.values()) news.push(one);
}

/**
 * Be called with each piece that is shown, and with the news that came while it was on its way.
 * @param {(piece: ParentNode, news: any[]) => void} catcher
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
  const form = requestConfig.elt;
  if (form instanceof HTMLFormElement) settle(form, requestConfig.formData, fresh);
  const before = find("[autofocus]", box);
  morph(box, fresh);
  const first = find("[autofocus]", box);
  if (!isTyping() && (first !== before || form.contains(first))) first?.focus();
  if (aside) $(aside).replaceWith($(aside, answer));
  arrived(box.parentElement ?? document, detail.xhr); // the box itself may be older than the news
}

/**
 * Let the server decide about a form that was sent, unless somebody has gone on writing in it:
 * what its fields hold, and whether its menu is open.
 * @param {HTMLFormElement} form @param {FormData} sent @param {ParentNode} fresh
 */
function settle(form, sent, fresh) {
  const now = new FormData(form);
  const written = $$(FIELDS, form).filter((field) => !isEqual(now.getAll(nameOf(field)), sent.getAll(nameOf(field))));
  for (const field of written) rebase(field, sent.getAll(nameOf(field)));
  if (written.length) return;
  form.reset();
  const menu = closest(form, "details", HTMLDetailsElement);
  const summary = menu && find("summary[id]", menu);
  const twin = summary && find(`details:has(> #${summary.id})`, fresh, HTMLDetailsElement);
  if (twin) menu.open = twin.open;
}

/** @param {unknown[]} one @param {unknown[]} other */
const isEqual = (one, other) => one.length === other.length && one.every((value, at) => value === other[at]);

/** @param {Element} field */
const nameOf = (field) => field.getAttribute("name") ?? "";

/** Take what was sent of a field for the server's, so that what it holds by now is the user's own. @param {any} field @param {unknown[]} values */
function rebase(field, values) {
  if (field instanceof HTMLSelectElement) {
    const { selectedIndex } = field;
    for (const option of field.options) option.defaultSelected = values.includes(option.value);
    field.selectedIndex = selectedIndex;
  } else if (heldBy(field) === "checked") field.defaultChecked = values.includes(field.value);
  else field.defaultValue = String(values[0] ?? "");
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
  // Noted before, as a field may look like the user's own once its attribute has changed.
  const own = new Set($$(FIELDS, box).filter(isChanged));
  merged.set(box, performance.now());
  Idiomorph.morph(box, [...fresh.childNodes], {
    morphStyle: "innerHTML",
    callbacks: {
      beforeNodeMorphed: (node) => !(node instanceof Element && node.hasAttribute("hx-preserve")),
      beforeAttributeUpdated: (name, node) => !isUsersOwn(name, node, own),
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

/** The attribute that says what a field holds. @param {Element} field */
const heldBy = (field) => (field.matches("[type=checkbox], [type=radio]") ? "checked" : "value");

/** Whether a field holds something else than the server put there. @param {Element} field */
function isChanged(field) {
  if (field instanceof HTMLSelectElement) {
    return field.selectedIndex !== Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
  }
  if (field instanceof HTMLInputElement && heldBy(field) === "checked") return field.checked !== field.defaultChecked;
  const { value, defaultValue } = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (field);
  return value !== defaultValue;
}

/**
 * Whether an attribute is a person's to set, and was set.
 * @param {string} name @param {Element} node @param {Set<Element>} own the fields that a person changed
 */
function isUsersOwn(name, node, own) {
  if (node instanceof HTMLOptionElement) return name === "selected" && own.has(closest(node, "select") ?? node);
  if (node instanceof HTMLDetailsElement) return name === "open";
  return name === heldBy(node) && own.has(node);
}
