// Settings: what is chosen for this browser alone.

import { setText } from "./core/dom.js";
import { keep, kept } from "./core/storage.js";
import * as keys from "./core/keys.js";
import * as theme from "./widgets/theme.js";
import { gettext } from "./core/i18n.js";

const box = /** @type {HTMLElement} */ (document.querySelector("[data-browser]"));
/** @param {string} name @returns {any} */
const field = (name) => box.querySelector(`[data-choice=${name}]`);

function offerZones() {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const select = field("zone");
  select.options[0].text += ` (${own})`;
  for (const zone of Intl.supportedValuesOf("timeZone")) if (zone !== "UTC") select.add(new Option(zone, zone));
}

/** @param {string} name @param {string} initial */
function choose(name, initial) {
  const select = field(name);
  select.value = kept(name) ?? initial;
  if (select.selectedIndex < 0) select.value = initial;
  select.addEventListener("change", () => keep(name, select.value) && location.reload());
}

function notifyState() {
  if (!("Notification" in window)) return gettext("This browser gives them to pages by HTTPS or on localhost only.");
  if (Notification.permission === "denied") return gettext("They are forbidden for this page: allow them in the browser's settings of this site.");
  return "";
}

function notifications() {
  const tick = field("notify");
  const show = () => {
    const state = notifyState();
    tick.disabled = state !== "";
    tick.checked = !state && kept("notify") === "on" && Notification.permission === "granted";
    setText(/** @type {Element} */ (box.querySelector("[data-notify-state]")), state);
  };
  tick.addEventListener("change", async () => {
    const granted = !tick.checked || (await Notification.requestPermission()) === "granted";
    keep("notify", tick.checked && granted ? "on" : "off");
    show();
    if (granted) location.reload(); // the page begins to listen, or ends it
  });
  show();
}

function start() {
  offerZones();
  choose("zone", "");
  choose("times", "clock");
  field("theme").value = theme.current();
  field("theme").addEventListener("change", () => theme.set(field("theme").value));
  field("keys").checked = keys.areOn();
  field("keys").addEventListener("change", () => keys.turn(field("keys").checked));
  notifications();
  box.hidden = false;
}

start();
