// Settings that apply only to this browser.

import { $, setText } from "./core/dom.js";
import * as keys from "./core/keys.js";
import * as storage from "./core/storage.js";
import * as theme from "./widgets/theme.js";
import { gettext } from "./core/i18n.js";

const box = $("[data-browser]");
/** @param {string} name */
const select = (name) => $(`[data-choice=${name}]`, box, HTMLSelectElement);
/** @param {string} name */
const checkbox = (name) => $(`[data-choice=${name}]`, box, HTMLInputElement);

function offerZones() {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = select("zone");
  zones.options[0].text += ` (${own})`;
  for (const zone of Intl.supportedValuesOf("timeZone")) if (zone !== "UTC") zones.add(new Option(zone, zone));
}

/** @param {string} name @param {string} initial */
function choose(name, initial) {
  const field = select(name);
  field.value = storage.get(name) ?? initial;
  if (field.selectedIndex < 0) field.value = initial;
  field.addEventListener("change", () => storage.set(name, field.value) && location.reload());
}

function notifyState() {
  if (!("Notification" in window)) return gettext("This browser allows notifications only over HTTPS or on localhost.");
  if (Notification.permission === "denied") return gettext("Notifications are blocked for this site. Allow them in the browser's settings for it.");
  return "";
}

function notifications() {
  const tick = checkbox("notify");
  const show = () => {
    const state = notifyState();
    tick.disabled = state !== "";
    tick.checked = !state && storage.get("notify") === "on" && Notification.permission === "granted";
    setText($("[data-notify-state]", box), state);
  };
  tick.addEventListener("change", async () => {
    const granted = !tick.checked || (await Notification.requestPermission()) === "granted";
    storage.set("notify", tick.checked && granted ? "on" : "off");
    show();
    if (granted) location.reload(); // the page starts or stops listening
  });
  show();
}

function start() {
  offerZones();
  choose("zone", "");
  choose("times", "clock");
  const themes = select("theme");
  themes.value = theme.current();
  themes.addEventListener("change", () => theme.set(/** @type {theme.Theme} */ (themes.value)));
  const shortcuts = checkbox("keys");
  shortcuts.checked = keys.areOn();
  shortcuts.addEventListener("change", () => keys.turn(shortcuts.checked));
  notifications();
  box.hidden = false;
}

start();
