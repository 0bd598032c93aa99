// Texts for users, marked for Django's translation tools (makemessages -d djangojs).
// Without a catalog in the page (django.views.i18n) they stay in English.

/** @typedef {{ gettext(text: string): string, ngettext(one: string, many: string, count: number): string }} Catalog */

const catalog = /** @type {{ django?: Catalog }} */ (globalThis).django;

/** @param {string} text */
export const gettext = (text) => catalog?.gettext(text) ?? text;

/** @param {string} one @param {string} many @param {number} count */
export const ngettext = (one, many, count) =>
  catalog?.ngettext(one, many, count) ?? (count === 1 ? one : many);

/**
 * Put values into the placeholders of a text: fill(gettext("%(n)s of %(all)s"), { n: 1, all: 2 }).
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export const fill = (text, values) =>
  text.replace(/%\((\w+)\)s/g, (_, /** @type {string} */ name) => String(values[name]));
