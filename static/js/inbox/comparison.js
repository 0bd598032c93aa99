// Two messages side by side: from one difference to the next.

import { $$, centre, focused } from "../core/dom.js";
import { bind } from "../core/keys.js";

/** @param {number} step */
function go(step) {
  const all = $$("[data-differs]");
  if (!all.length) return;
  const active = focused();
  const at = active ? all.indexOf(active) : -1;
  const to = at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length;
  all[to].focus({ preventScroll: true });
  all[to].scrollIntoView({ block: "center" });
}

/** Open the tab of this number. @param {number} number */
const tab = (number) => () => $$("nav.tabs a")[number - 1]?.click();

centre(document.querySelector("nav.tabs [aria-current]"));
bind({
  n: () => go(1),
  N: () => go(-1),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((number) => [String(number), tab(number)])),
});
