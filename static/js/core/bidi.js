// Text of any direction next to other text, without an effect on its order: like mailsink/bidi.py.

const TURNING = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;

/** Independent text, in the direction of its first letter. @param {string} text */
function isolated(text) {
  return TURNING.test(text) ? `\u2068${text.replace(CONTROLS, "")}\u2069` : text;
}

/**
 * A name and an address in display form: "Name <address>".
 * @param {string} name
 * @param {string} address
 * @returns {string}
 */
export function person(name, address) {
  if (!name || !address) return isolated(name || address);
  return `${isolated(name)} ${isolated(`<${address}>`)}`;
}
