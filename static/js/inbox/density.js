// The density of the list: rows of two lines, or of one. This browser remembers it, and
// theme-boot.js applies it before the first paint.

import { $, find, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import * as storage from "../core/storage.js";

const isCompact = () => document.documentElement.dataset.density === "compact";

/** Let the toolbar's button change the density. @param {() => void} changed called after each change */
export function start(changed) {
  const button = find("button[data-density]");
  if (!button) return; // the list of failures has no menu
  const show = () => setText($("span", button), isCompact() ? gettext("Two-line rows") : gettext("One-line rows"));
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    document.documentElement.dataset.density = isCompact() ? "comfortable" : "compact";
    storage.set("density", isCompact() ? "compact" : "comfortable");
    show();
    changed();
  });
}
