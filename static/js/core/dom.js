// Small helpers for the DOM. Text goes in as text, never as markup.

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, string | boolean | EventListener>} [attributes]
 *   `onclick` and the like are listeners; true is an empty attribute, false none
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
 * Make an element of SVG.
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
 * Set an element's text, touching the DOM only where it differs.
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
 * @returns {Promise<any>} rejects with an Error in words where the answer is no success
 */
export async function getJSON(url, options = {}) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, ...options });
  if (response.ok) return response.json();
  const { detail } = await response.json().catch(() => ({}));
  throw new Error(detail ?? `${url} answered ${response.status}`);
}

/**
 * Scroll a strip, and nothing around it, until one of its items is in its middle.
 * @param {Element | null | undefined} item
 */
export function centre(item) {
  const strip = item?.parentElement;
  if (!item || !strip) return;
  const [inner, outer] = [item.getBoundingClientRect(), strip.getBoundingClientRect()];
  strip.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
}
