// Parts of pages that the server renders: fetched again, and merged into the page.

import { $, $$, closest, find, isModified } from "./dom.js";
import { isTyping } from "./forms.js";

const FIELDS = "input:not([type=hidden]), select, textarea";

/** @type {((root: ParentNode) => void)[]} */
const finishers = [];

/**
 * Run a function on every piece before it is shown: the page itself, and later pieces from htmx or
 * `fragment`.
 * @param {(root: ParentNode) => void} finisher
 */
export function finish(finisher) {
  finishers.push(finisher);
  finisher(document);
}

/** @type {Promise<void>} resolves when no pointer is pressed any more */
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

/** @type {Map<object, unknown[]>} for each piece that is being fetched, the news since the request */
const onTheWay = new Map();
/** @type {((piece: ParentNode, news: any[]) => void)[]} */
const catchers = [];

/** Note news: pieces that are being fetched may have been rendered before it. @param {unknown} one */
export function note(one) {
  for (const news of onTheWay.values()) news.push(one);
}

/**
 * Call a function with each piece that is shown, and with the news since its request.
 * @param {(piece: ParentNode, news: any[]) => void} catcher
 */
export function catchUp(catcher) {
  catchers.push(catcher);
}

/** @param {ParentNode} piece that is shown now @param {object} way its key in onTheWay */
function arrived(piece, way) {
  for (const catcher of catchers) catcher(piece, onTheWay.get(way) ?? []);
}

/** Finish the pieces from htmx too, and watch for pressed pointers. */
export function start() {
  // htmx would also follow a link that should open in a new tab.
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
 * @returns {Promise<DocumentFragment>} rejects with a readable Error
 */
export async function fragment(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return made(await response.text());
}

/** Merge the answer to a form of a [data-refresh] or [data-merge] box: input in other forms stays. @param {Event} event */
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
 * Take over the server's state of a form that was sent (the values of its fields, and whether its menu is
 * open), unless the user has changed it since.
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

/** Treat the sent values of a field as the server's, so that its current value counts as the user's own. @param {any} field @param {unknown[]} values */
function rebase(field, values) {
  if (field instanceof HTMLSelectElement) {
    const { selectedIndex } = field;
    for (const option of field.options) option.defaultSelected = values.includes(option.value);
    field.selectedIndex = selectedIndex;
  } else if (heldBy(field) === "checked") field.defaultChecked = values.includes(field.value);
  else field.defaultValue = String(values[0] ?? "");
}

/** Wait until no pointer is pressed: a link that is replaced between press and release gets no click. */
export const unpressed = () => released;

/**
 * Fetch a fragment that will replace shown content; wait until no pointer is pressed.
 * @param {string} url
 * @returns {Promise<DocumentFragment>} rejects with a readable Error
 */
export async function renewal(url) {
  const fresh = await fragment(url);
  await unpressed();
  return fresh;
}

/** @type {WeakMap<Element, { url: string }>} the latest request of each box */
const asked = new WeakMap();

/** The URL of the latest request for the content of a box, if any. @param {Element} box */
export const askedFor = (box) => asked.get(box)?.url;

/**
 * Show a fragment as the content of a box, unless there is a later request.
 * @param {Element} box
 * @param {string} url
 * @param {(box: Element, fresh: DocumentFragment) => void} [show] puts the fragment into the box
 * @returns {Promise<boolean>} whether it is shown; rejects with a readable Error
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

/** Whether the answer to a request at a moment may be older than the content of a box. @param {Element} box @param {number} at */
export const isOlder = (box, at) => (merged.get(box) ?? -1) > at;

/**
 * Make the content of a box equal to that of `fresh` with few changes: the focus, all input, and
 * the open details stay.
 * @param {Element} box
 * @param {ParentNode & Node} fresh it is dismantled
 */
export function morph(box, fresh) {
  const focused = document.activeElement;
  const href = focused && box.contains(focused) ? focused.getAttribute("href") : null;
  // Found before the merge: after it, a changed attribute can make a field look changed by the user.
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
 * Make an element equal to another, which is dismantled. A press on the old element, the place of reading in
 * it, and its open parts stay.
 * @param {Element} old @param {Element} fresh
 */
export function renew(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morph(old, fresh);
}

/**
 * Focus a link by its target: the merge may have used its element for another link.
 * @param {Element} box @param {string} href
 */
function focusLink(box, href) {
  $$("a", box)
    .find((link) => link.getAttribute("href") === href)
    ?.focus({ preventScroll: true });
}

/** The attribute with the value of a field. @param {Element} field */
const heldBy = (field) => (field.matches("[type=checkbox], [type=radio]") ? "checked" : "value");

/** Whether a field holds another value than the server's. @param {Element} field */
function isChanged(field) {
  if (field instanceof HTMLSelectElement) {
    return field.selectedIndex !== Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
  }
  if (field instanceof HTMLInputElement && heldBy(field) === "checked") return field.checked !== field.defaultChecked;
  const { value, defaultValue } = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (field);
  return value !== defaultValue;
}

/**
 * Whether the user has set an attribute, which a merge must not change.
 * @param {string} name @param {Element} node @param {Set<Element>} own the fields that the user changed
 */
function isUsersOwn(name, node, own) {
  if (node instanceof HTMLOptionElement) return name === "selected" && own.has(closest(node, "select") ?? node);
  if (node instanceof HTMLDetailsElement) return name === "open";
  return name === heldBy(node) && own.has(node);
}
