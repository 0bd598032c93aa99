// Addresses of mail in what people type, and the page that shows where mail for them is.

import { routes } from "./routes.js";

const ADDRESS = /^[^\s@<>":]+@[^\s@<>"]+$/;

/**
 * The address that a text is, or asks for as a search does (`to:ann@example.com`).
 * @param {string} text
 * @returns {string} "" where there is none
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
 * @param {string} [filter] the search that may hide it
 */
export function traceOf(address, filter = "") {
  const given = new URLSearchParams({ address });
  if (filter) given.set("q", filter);
  return routes.trace(given);
}
