// Forms: opening one focuses its field, Ctrl+Enter (⌘+Enter) saves, and single-key shortcuts are off inside.

import { $$, closest, find, focused } from "./dom.js";

const TEXT = "input:not([type=checkbox], [type=radio], [type=hidden]), textarea, select, [contenteditable]";
const FOLDED = `details:is(.menu, :has(form, ${TEXT}))`; // forms that open from their summary
// An open form includes its summary. In the list's toolbar, which has forms, only the menus count.
const FORM = `form:not(.toolbar form), dialog, ${FOLDED}[open], ${TEXT}`;

/** @type {EventTarget | null} the target of the last press, or of a later focus */
let touched = null;
/** @type {Element | null} the element with the focus since a form was left */
let left = null;

/** @param {EventTarget | null} target @param {string} selector @returns {HTMLElement | null} */
const within = (target, selector) => (target instanceof Element && target.checkVisibility() ? target.closest(selector) : null);

/**
 * Whether a key goes to a form. A click next to its fields clears the focus, but the user is still in the form.
 * @param {KeyboardEvent} event
 */
export function isIn({ target }) {
  if (target === left) return false;
  return Boolean(within(target, FORM) || (target === document.body && within(touched, FORM)));
}

/** Leave the form: a menu closes, and its summary gets the focus. */
export function leave() {
  const active = focused();
  const menu = active?.closest("details.menu[open]");
  active?.blur();
  if (menu instanceof HTMLDetailsElement) {
    menu.open = false;
    find("summary", menu)?.focus();
  }
  touched = null;
  left = document.activeElement;
}

/** @param {KeyboardEvent} event */
function save(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = within(event.target, TEXT) && within(event.target, "form");
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  form.requestSubmit();
}

/**
 * Open a form, and focus its field.
 * @param {HTMLDetailsElement} details
 */
export function open(details) {
  details.open = true;
  const field = find(TEXT, details) ?? find(".sheet button:not([hidden])", details);
  field?.focus();
  if (field instanceof HTMLInputElement) field.select();
  if (field instanceof HTMLTextAreaElement) field.setSelectionRange(field.value.length, field.value.length);
}

/** A click, or Enter, on the summary of a form. @param {MouseEvent} event */
function click(event) {
  const details = within(event.target, "summary")?.parentElement;
  if (!(details instanceof HTMLDetailsElement) || !details.matches(FOLDED)) return;
  event.preventDefault(); // else it opens a moment later, and the first letters are lost
  if (details.open) details.open = false;
  else open(details);
}

/** Whether the focus is in a field. */
export const isTyping = () => within(document.activeElement, TEXT) !== null;

/** Close a menu; focus its summary if the focus was inside. @param {HTMLDetailsElement} menu */
export function close(menu) {
  const had = menu.contains(document.activeElement);
  menu.open = false;
  if (had) find("summary", menu)?.focus();
}

/** Whether a menu has unsaved input. @param {HTMLDetailsElement} menu */
const isWritten = (menu) => $$("input, textarea", menu).some((field) => "defaultValue" in field && field.defaultValue !== /** @type {any} */ (field).value);

/** Close menus after an action in them, or a click outside; menus with a field stay open for the answer. @param {MouseEvent} event */
function closeMenus({ target }) {
  for (const menu of $$("details.menu[open]", document, HTMLDetailsElement)) {
    const inside = target instanceof Node && menu.contains(target);
    const isDone = inside && !find(TEXT, menu) && closest(target, ".sheet :is(a, button)");
    // The form is submitted after the click, and htmx forgets the button once that loses the focus.
    if (isDone || (!inside && !isWritten(menu))) setTimeout(close, 0, menu);
  }
}

/**
 * Name the submit button of a form that waited for the answer to an earlier one: htmx forgets the button once
 * the focus moves. @param {Event} event
 */
function nameSubmitter(event) {
  const { triggeringEvent, parameters } = /** @type {CustomEvent} */ (event).detail;
  const { submitter } = triggeringEvent ?? {};
  if (submitter instanceof HTMLButtonElement && submitter.name) parameters[submitter.name] = submitter.value;
}

/** Listen. */
export function start() {
  for (const event of ["pointerdown", "focusin"]) {
    document.addEventListener(event, ({ target }) => {
      touched = target;
      left = null;
    }, true);
  }
  document.addEventListener("click", click);
  document.addEventListener("click", closeMenus);
  document.addEventListener("keydown", save);
  document.addEventListener("htmx:configRequest", nameSubmitter);
}
