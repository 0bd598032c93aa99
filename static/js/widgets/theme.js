// The theme button: system, light, dark. theme-boot.js applies the choice before the first paint.

import { $, find, icon, setText } from "../core/dom.js";
import { fill, gettext } from "../core/i18n.js";
import * as storage from "../core/storage.js";

const GLYPHS = { system: "monitor", light: "sun", dark: "moon" };
/** @typedef {keyof typeof GLYPHS} Theme */
const NEXT = /** @type {Record<Theme, Theme>} */ ({ system: "light", light: "dark", dark: "system" });

/** @returns {Theme} */
export const current = () => /** @type {Theme} */ (document.documentElement.dataset.theme ?? "system");

/** @param {Theme} theme */
function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  storage.set("theme", theme);
}

const names = () => ({ system: gettext("system"), light: gettext("light"), dark: gettext("dark") });

const button = () => $("[data-theme-button]");

function show() {
  const words = fill(gettext("Theme: %(theme)s"), { theme: names()[current()] });
  $("svg", button(), SVGElement).replaceWith(icon(GLYPHS[current()]));
  setText($("span", button()), words);
  button().title = words;
  const setting = find("select[data-choice=theme]", document, HTMLSelectElement);
  if (setting) setting.value = current();
}

/** Change to a theme. @param {Theme} theme */
export function set(theme) {
  choose(theme);
  show();
}

/** Show the button, and let it cycle through the themes. */
export function start() {
  button().addEventListener("click", () => set(NEXT[current()]));
  button().hidden = false;
  show();
}
