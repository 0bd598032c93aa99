// Small helpers for the DOM. Text goes in as text, never as markup.
//
// `$` and `byId` throw if the page lacks an element that a script needs: a template and
// its script must agree. `find` and `closest` return null. All of them check the class.

/** @template {Element} T @typedef {{ new (): T }} ElementClass */

/**
 * @template {Element} T
 * @param {Element | null | undefined} node
 * @param {ElementClass<T>} type
 * @param {string} name of the wanted element, for the error
 * @returns {T}
 */
function checked(node, type, name) {
  if (node instanceof type) return node;
  throw new TypeError(`${name} is ${node ? `<${node.localName}>` : "not in the page"}, not ${type.name}`);
}

/** The class that most look-ups use. @template {Element} [T=HTMLElement] @param {ElementClass<T>} [type] */
const classOf = (type) => type ?? /** @type {ElementClass<T>} */ (/** @type {unknown} */ (HTMLElement));

/**
 * The first element that matches, or null.
 * @template {Element} [T=HTMLElement]
 * @param {string} selector
 * @param {ParentNode | null} [root]
 * @param {ElementClass<T>} [type] throws an error for an element of another class
 * @returns {T | null}
 */
export function find(selector, root = document, type = undefined) {
  const node = root?.querySelector(selector);
  return node ? checked(node, classOf(type), selector) : null;
}

/**
 * The first element that matches; throws a TypeError if there is none.
 * @template {Element} [T=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @param {ElementClass<T>} [type]
 * @returns {T}
 */
export function $(selector, root = document, type = undefined) {
  return checked(root.querySelector(selector), classOf(type), selector);
}

/**
 * All elements that match, in the order of the document.
 * @template {Element} [T=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @param {ElementClass<T>} [type]
 * @returns {T[]}
 */
export function $$(selector, root = document, type = undefined) {
  return Array.from(root.querySelectorAll(selector), (node) => checked(node, classOf(type), selector));
}

/**
 * The element with an id; throws a TypeError if there is none.
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @param {ElementClass<T>} [type]
 * @returns {T}
 */
export const byId = (id, type = undefined) => checked(document.getElementById(id), classOf(type), `#${id}`);

/**
 * The closest element that matches: an event's target, or one around it.
 * @template {Element} [T=HTMLElement]
 * @param {EventTarget | null} target
 * @param {string} selector
 * @param {ElementClass<T>} [type]
 * @returns {T | null}
 */
export function closest(target, selector, type = undefined) {
  const node = target instanceof Element ? target.closest(selector) : null;
  return node && checked(node, classOf(type), selector);
}

/** Whether a click is meant to open a link elsewhere. @param {MouseEvent} event */
export const isModified = (event) => event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button > 0;

/** The element with the focus. @returns {HTMLElement | null} */
export const focused = () => (document.activeElement instanceof HTMLElement ? document.activeElement : null);

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, string | boolean | EventListener>} [attributes]
 *   `onclick` and similar names are listeners; true is an empty attribute, false none
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/**
 * Make an SVG element.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return /** @type {SVGElement} */ (node);
}

/**
 * Make a glyph of static/icons.svg.
 * @param {string} name
 * @returns {SVGElement}
 */
export const icon = (name) => svg("svg", { class: "icon", "aria-hidden": "true" },
  svg("use", { href: `${document.documentElement.dataset.icons}#${name}` }));

/**
 * Set an element's text; change the DOM only if it differs.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Read a JSON answer of our own server.
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<any>} rejects with a readable Error if the answer is no success
 */
export async function getJSON(url, options = {}) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, ...options });
  if (response.ok) return response.json();
  const { detail } = await response.json().catch(() => ({}));
  throw new Error(detail ?? `${url} answered ${response.status}`);
}

/**
 * Scroll only a strip, not its surroundings, until one of its items is in the middle.
 * @param {Element | null | undefined} item
 * @param {Element | null | undefined} [strip]
 */
export function centre(item, strip = item?.parentElement) {
  if (!item || !strip) return;
  const [inner, outer] = [item.getBoundingClientRect(), strip.getBoundingClientRect()];
  strip.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
}
