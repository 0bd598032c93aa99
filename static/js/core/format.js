// Times, sizes and counts for display, in the chosen time zone.

import * as storage from "./storage.js";
import { fill, gettext } from "./i18n.js";

/** @returns {string | undefined} undefined: the browser's own zone */
function zone() {
  const timeZone = storage.get("zone") || undefined;
  try {
    return timeZone && new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
  } catch {
    return undefined; // this browser does not know the zone
  }
}

const timeZone = zone();

/** The IANA name of the zone in which times are shown. */
export const zoneName = timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** Whether lists show the age of each item instead of its time. */
export const relative = storage.get("times") === "ago";

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone });
const day = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone,
});
const date = new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone });
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long", timeZone });
const number = new Intl.NumberFormat("en-US");
const LATELY_MS = 172_800_000;

/**
 * A moment in a list: the time of day, with the date if it is not today; or its age.
 * @param {Date} moment
 * @param {Date} [now]
 */
export function when(moment, now = new Date()) {
  const past = now.getTime() - moment.getTime();
  if (relative && past < LATELY_MS) return ago(past);
  const on = date.format(moment);
  const today = date.format(now);
  if (on === today) return clock.format(moment);
  return on.slice(0, 4) === today.slice(0, 4) ? day.format(moment) : on;
}

/** The time of day. @param {Date} moment */
export const timeOfDay = (moment) => clock.format(moment);

/** A moment in full, with its zone. @param {Date} moment */
export const inFull = (moment) => whole.format(moment);

/**
 * An age in one unit: "4 s ago".
 * @param {number} ms
 */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return fill(gettext("%(n)s s ago"), { n: seconds });
  if (seconds < 3600) return fill(gettext("%(n)s min ago"), { n: Math.floor(seconds / 60) });
  if (seconds < 172_800) return fill(gettext("%(n)s h ago"), { n: Math.floor(seconds / 3600) });
  return fill(gettext("%(n)s days ago"), { n: Math.floor(seconds / 86_400) });
}

/** A whole number with separated thousands. @param {number} value */
export const count = (value) => number.format(value);

const UNITS = ["B", "KB", "MB", "GB"];

/** A short form of a size, like inbox.explain.quantities: "812 B", "4.5 KB". @param {number} size */
export function octets(size) {
  let unit = 0;
  let value = size;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}
