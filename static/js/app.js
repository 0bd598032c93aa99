// The behaviour of every page: the theme, the shortcuts, the palette, the times, and the status line.

import { $, $$, byId, centre, find, setText } from "./core/dom.js";
import { timeOfDay, zoneName } from "./core/format.js";
import * as forms from "./core/forms.js";
import * as fragments from "./core/fragments.js";
import { fill, gettext } from "./core/i18n.js";
import * as keys from "./core/keys.js";
import { live } from "./core/socket.js";
import { ROOT, routes } from "./core/routes.js";
import * as times from "./core/times.js";
import { toast } from "./core/toast.js";
import * as copy from "./widgets/copy.js";
import * as counts from "./widgets/counts.js";
import * as framework from "./widgets/framework.js";
import * as notifications from "./widgets/notifications.js";
import * as palette from "./widgets/palette.js";
import * as refresh from "./widgets/refresh.js";
import * as search from "./widgets/search.js";
import * as statusline from "./widgets/statusline.js";
import * as tags from "./widgets/tags.js";
import * as theme from "./widgets/theme.js";

const UPGRADE_REQUIRED = 426;

function showLamp() {
  const lamp = $("[data-lamp]");
  const words = $("[data-lamp-text]");
  const notice = byId("reconnecting");
  live().watch((state) => {
    const isDown = state === "down";
    lamp.dataset.lamp = isDown ? "waiting" : state;
    setText(words, { live: gettext("Live"), waiting: gettext("Reconnecting…"), connecting: gettext("Connecting…"), down: gettext("Not live") }[state]);
    notice.hidden = state !== "waiting" && !isDown;
    const shown = isDown
      ? gettext("The live view is down; mail still arrives. Showing mail up to %(time)s")
      : gettext("Reconnecting… showing mail up to %(time)s");
    setText(notice, fill(shown, { time: timeOfDay(live().seenAt) }));
  });
}

const origins = document.documentElement.dataset.origins ?? "";
const isOurs = () => origins.split(" ").includes(location.origin);

/** @param {string} id of a paragraph @param {string} words */
function warn(id, words) {
  const notice = byId(id);
  setText(notice, words);
  notice.role = "alert";
  notice.classList.add("banner", "error");
  notice.hidden = false;
}

/** Behind a proxy, the server may not know its public address: then it refuses its own pages. */
function showOrigin() {
  if (isOurs()) return;
  const words = gettext("This page is at %(origin)s, but Mailsink expects its pages at %(ours)s. It refuses live updates, changes and pictures of mail to other origins. Start it with MAILSINK_PUBLIC_URL=%(url)s");
  const url = location.origin + ROOT.replace(/^\/$/, "");
  warn("wrong-origin", fill(words, { origin: location.origin, ours: origins, url }));
}

/** A proxy may treat a websocket as a plain request; a browser does not show why one fails. */
function showNoWebsocket() {
  let known = !isOurs(); // the other warning is shown, or a websocket was open
  live().watch(async (state) => {
    if (state === "live") {
      known = true;
      byId("no-websocket").hidden = true;
    }
    if (state !== "waiting" || known) return;
    known = true;
    const answer = await fetch(routes.live).catch(() => undefined);
    if (answer?.status !== UPGRADE_REQUIRED) return;
    byId("reconnecting").remove(); // it would promise a reconnection that never happens
    warn("no-websocket", gettext("New mail does not appear automatically: this page could not open its websocket. A proxy in front of Mailsink must pass on the fields Upgrade and Connection, as docs/proxies.md describes. Reload the page to see new mail."));
  });
}

/** Send the time zone, which decides which day "today" is in a search: inbox/http/zone.py reads it. */
function sendZone() {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API exists only on HTTPS
  document.cookie = `mailsink_zone=${encodeURIComponent(zoneName)}; path=${ROOT}; max-age=34560000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

/**
 * @param {XMLHttpRequest} xhr
 * @returns {string | undefined} the problem that the server reports
 */
function problemOf(xhr) {
  if (xhr.getResponseHeader("Content-Type") !== "application/problem+json") return undefined;
  return JSON.parse(xhr.responseText).detail;
}

/** Show the failures of htmx, which are silent otherwise. */
function showFailures() {
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, pathInfo } = /** @type {CustomEvent} */ (event).detail;
    const words = fill(gettext("%(path)s answered %(status)s"), { path: pathInfo.requestPath, status: `${xhr.status} ${xhr.statusText}` });
    toast(problemOf(xhr) ?? words);
  });
  document.addEventListener("htmx:sendError", () => toast(gettext("The server cannot be reached")));
}

/** Show keys by their names on a Mac. */
function nameKeys() {
  if (!/Mac/.test(navigator.userAgent)) return;
  for (const node of $$("[data-mac]")) setText(node, node.dataset.mac ?? "");
}

nameKeys();
sendZone();
for (const each of [fragments, times, copy, framework, forms, keys, search, palette, theme]) each.start();
centre(find("nav.side [aria-current]")); // on a narrow screen the strip is wider than the page
showFailures();
showLamp();
showOrigin();
showNoWebsocket();
for (const each of [counts, notifications, statusline, tags, refresh]) each.start();
