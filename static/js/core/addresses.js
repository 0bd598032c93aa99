// Mail addresses in typed text, and the page that shows where the mail for an address is.

import { routes } from "./routes.js";

const ADDRESS = /^[^\s@<>":]+@[^\s@<>"]+$/;

/**
 * The address in a text: the text itself, or the value of a search (`to:ann@example.com`).
 * @param {string} text
 * @returns {string} "" if there is none
 */
export function addressIn(text) {
  for (const word of text.trim().split(/\s+/)) {
    const bare = word.replace(/^(?:to|cc|bcc|mailto):/i, "").replace(/^["<]|[">]$/g, "");
    if (ADDRESS.test(bare)) return bare;
  }
  return "";
}

/**
 * The page that shows where mail for an address is.
 * @param {string} address
 * @param {string} [filter] the search that may hide the mail
 */
export function traceOf(address, filter = "") {
  const given = new URLSearchParams({ address });
  if (filter) given.set("q", filter);
  return routes.trace(given);
}
