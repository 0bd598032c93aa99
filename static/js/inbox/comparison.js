// Two messages side by side: from one difference to the next.

import { centre } from "../core/dom.js";
import { bind } from "../core/keys.js";

const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-differs]")]);

/** @param {number} step */
function go(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length;
  all[to].focus({ preventScroll: true });
  all[to].scrollIntoView({ block: "center" });
}

/** Open the tab of this number. @param {number} number */
const tab = (number) => () => /** @type {HTMLElement | undefined} */ (document.querySelectorAll("nav.tabs a")[number - 1])?.click();

centre(document.querySelector("nav.tabs [aria-current]"));
bind({
  n: () => go(1),
  N: () => go(-1),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((number) => [String(number), tab(number)])),
});
