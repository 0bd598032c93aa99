// The inbox: a windowed list that the live feed keeps current, and the message in the pane.

import { $, $$, byId, closest, find, focused, getJSON, isModified, setText } from "../core/dom.js";
import { count } from "../core/format.js";
import * as forms from "../core/forms.js";
import * as counts from "../widgets/counts.js";
import * as density from "./density.js";
import * as divider from "../widgets/divider.js";
import { unpressed } from "../core/fragments.js";
import { fill, gettext, ngettext } from "../core/i18n.js";
import { bind } from "../core/keys.js";
import { ROOT, routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import { announce, toast } from "../core/toast.js";
import { BulkActions } from "./bulk-actions.js";
import { Feed } from "./feed.js";
import { Folds, isFold } from "./folds.js";
import { List } from "./list.js";
import * as importing from "./import.js";
import * as marks from "./marks.js";
import * as message from "./message.js";
import * as pane from "./pane.js";
import { fill as fillRow, isLow, make } from "./row.js";

/** @typedef {import("./folds.js").Item} Item */
/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("../core/socket.js").LiveEvent} LiveEvent */

const OLDER = 500; // entries in a page of older entries
const SEARCH_AGAIN_MS = 2000;
const COUNTS_MS = 500;

/** The id of the message that a URL shows, or "". @param {URL | Location} url */
const idIn = (url) => url.pathname.slice(ROOT.length).split("/")[1] ?? "";

class InboxPage {
  #scroller = byId("scroller");
  #bar = byId("new-messages");
  #query = this.#scroller.dataset.query ?? "";
  /** Whether the list shows all entries, only mail, or only failures. */
  #show = this.#scroller.dataset.show ?? "all";
  /** Whether the query is invalid: it finds nothing, the page shows that, and sends no more requests. */
  #readable = this.#scroller.dataset.wrong === undefined;
  #pointerOver = false;
  /** The query of this list's addresses: the search, and failures, which no cookie remembers. */
  #kept = new URLSearchParams([["q", this.#query], ["show", this.#show === "failed" ? "failed" : ""]].filter(([, value]) => value)).toString();
  /** The id of the message in the pane. */
  #opened = idIn(location);
  /** The id of the row that j and k start from. */
  #cursor = this.#opened;
  /** How many new messages were announced. */
  #announced = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #searching;
  #searchedAt = -SEARCH_AGAIN_MS;
  /** @type {Promise<void> | undefined} resolves when the first page was read */
  #begun;

  #feed = new Feed({
    fetch: (after) => this.#fetch(after),
    changed: () => this.#list.refresh(),
    failed: (error) => toast(fill(gettext("The list could not be read: %(why)s"), { why: error.message })),
    folded: () => this.#rows.hidden,
    leaves: (id) => this.#moveCursor(id),
  });
  // The results of a search are shown one by one.
  #rows = new Folds(this.#feed.store, !this.#query);
  #list = new List(this.#scroller, byId("entries"), {
    ready: () => this.#feed.ready,
    length: () => this.#rows.length,
    loaded: () => this.#rows.all(),
    at: (index) => this.#rows.at(index),
    isLow,
    make,
    fill: (row, item) => fillRow(row, item, this.#stateOf(item)),
    missing: () => this.#feed.reach(() => this.#list.lastInSight + this.#rows.hidden),
  });
  #actions = new BulkActions({
    scroller: this.#scroller,
    rows: this.#rows,
    store: this.#feed.store,
    query: this.#query,
    repaint: () => this.#list.invalidate(),
    put: (entries) => this.#put(entries),
    deleted: (ids) => ids.includes(this.#opened) && this.#back(),
  });
  #selection = this.#actions.selection;

  start() {
    this.#listen();
    density.start(() => this.#list.restyle());
    divider.start();
    this.#startPane();
    this.#bindKeys();
    setInterval(() => this.#showCounts(), COUNTS_MS);
    if (!this.#readable) return;
    live().subscribe("messages", {
      load: () => this.#feed.load(),
      events: (events) => {
        this.#judge();
        for (const event of events) this.#apply(event);
        this.#feed.settle();
        this.#feed.loadFirst(); // it may have failed
      },
    });
    this.#begun = this.#feed.begun.then(() => this.#takeOver());
    this.#feed.load();
  }

  /** @param {string | null} after a cursor @returns {Promise<import("./store.js").Page>} */
  async #fetch(after) {
    const query = { q: this.#query, show: this.#show };
    const page = await getJSON(routes.entries(after ? { ...query, cursor: after, limit: String(OLDER) } : query));
    if (!after) await unpressed(); // our rows may replace the server's
    this.#judge();
    return page;
  }

  /** @param {Item} item */
  #stateOf(item) {
    return {
      open: item.id === this.#opened,
      chosen: this.#selection.has(item),
      indented: !isFold(item) && this.#rows.inOpenFold(item.id),
      search: this.#kept && `?${new URLSearchParams(this.#kept)}`,
    };
  }

  #listen() {
    const scroller = this.#scroller;
    scroller.addEventListener("scroll", () => this.#judge(), { passive: true });
    for (const [event, over] of /** @type {const} */ ([["pointerenter", true], ["pointerleave", false]])) {
      scroller.addEventListener(event, () => {
        this.#pointerOver = over;
        this.#judge();
      });
    }
    scroller.addEventListener("focusin", ({ target }) => {
      this.#cursor = closest(target, "li")?.dataset.id ?? this.#cursor;
    });
    scroller.addEventListener("click", ({ target }) => {
      if (closest(target, ".fold")) this.#toggleFold(this.#itemAt(target));
    });
    this.#bar.addEventListener("click", () => {
      this.#feed.release();
      scroller.scrollTop = 0;
      this.#list.focus(0);
      this.#showCounts();
    });
  }

  /**
   * Let arrivals enter while the list is at its top and the pointer is elsewhere. This is also called before each
   * arrival: the browser announces a scroll up to a frame later.
   */
  #judge() {
    this.#feed.calm = this.#list.atTop && !this.#pointerOver;
  }

  /** Update the bar and the texts next to the list, at most twice a second. */
  #showCounts() {
    const { waiting, store } = this.#feed;
    const words = fill(ngettext("%(n)s new message", "%(n)s new messages", waiting), { n: count(waiting) });
    this.#bar.hidden = waiting === 0;
    setText($("span", this.#bar), words);
    if (this.#feed.ready) {
      setText($("[data-list-count]"), this.#summary());
      setText($("[data-list-unread]"), this.#unread());
    }
    // Until the first page was read, the server's rows stay, or its text that there are none.
    if (this.#feed.ready) byId("empty").hidden = store.length > 0 || waiting > 0;
    if (waiting > this.#announced) announce(words);
    this.#announced = waiting;
  }

  /** The size of the list; for a search the server counts the matches, and shows the count itself. */
  #summary() {
    const known = counts.known();
    if (this.#query || !known) return "";
    const { messages, failed } = known;
    if (this.#show === "failed") return fill(ngettext("%(n)s failure", "%(n)s failures", failed), { n: count(failed) });
    return fill(ngettext("%(n)s message", "%(n)s messages", messages), { n: count(messages) });
  }

  #unread() {
    const unread = counts.known()?.unread;
    if (this.#query || this.#show === "failed" || !unread) return "";
    return fill(ngettext("%(n)s unread", "%(n)s unread", unread), { n: count(unread) });
  }

  /** @param {LiveEvent} event */
  #apply(event) {
    const entry = /** @type {Entry} */ (event);
    if (event.event === "message.deleted") this.#drop(entry.id);
    else if (!this.#lists(entry)) return;
    else if (event.event === "message.updated" && this.#feed.knows(entry.id)) this.#feed.put(entry);
    else if (this.#query) this.#searchAgain();
    else this.#arrive(entry);
  }

  /** Open the first mail of an empty inbox: the user waits for it. @param {Entry} entry */
  #arrive(entry) {
    const first = this.#feed.ready && !byId("empty").hidden && !this.#opened && !("outcome" in entry);
    this.#feed.put(entry);
    // In a hidden page it would count as read, and a field would lose the focus.
    if (first && !document.hidden && !forms.isTyping()) pane.open(routes.message(entry.id));
  }

  /** @param {Entry} entry */
  #lists(entry) {
    return this.#show === "all" || (this.#show === "failed") === "outcome" in entry;
  }

  /** An arrival may or may not match: ask the server, at once if there was no recent request. */
  #searchAgain() {
    if (this.#searching) return;
    const rest = this.#searchedAt + SEARCH_AGAIN_MS - performance.now();
    this.#searching = setTimeout(() => {
      this.#searching = undefined;
      this.#searchedAt = performance.now();
      this.#feed.load();
    }, Math.max(0, rest));
  }

  /** Take the current state of entries. @param {Entry[]} entries */
  #put(entries) {
    for (const entry of entries) this.#feed.put(entry);
    this.#feed.settle();
  }

  /** Remove a row. @param {string} id */
  #drop(id) {
    this.#selection.drop([id]);
    this.#feed.remove(id);
  }

  /** Move the cursor to the next row if its row is removed. @param {string} id */
  #moveCursor(id) {
    if (id !== this.#cursor) return;
    const place = this.#rows.indexOf(id);
    this.#cursor = (this.#rows.at(place + 1) ?? this.#rows.at(place - 1))?.id ?? "";
  }

  /** Replace the server's rows with ours: the open message is in sight, and ticked ones are selected. */
  #takeOver() {
    // Not the burst of a message: it had a separate row.
    const ticked = $$("#entries input:checked").map((box) => this.#feed.store.get(closest(box, "li")?.dataset.id ?? ""));
    const index = this.#rows.indexOf(this.#opened);
    if (index >= 0 && this.#list.atTop) this.#list.reveal(index);
    for (const entry of ticked) if (entry) this.#selection.toggle(entry, true);
  }

  /** @param {EventTarget | null} target @returns {Item | undefined} */
  #itemAt(target) {
    const id = closest(target, "li.row")?.dataset.id;
    return id ? this.#rows.at(this.#rows.indexOf(id)) : undefined;
  }

  #underCursor() {
    return this.#rows.at(this.#rows.indexOf(this.#cursor));
  }

  /** @param {number} step @param {{ choose?: boolean }} [options] */
  #move(step, { choose = false } = {}) {
    const from = this.#rows.indexOf(this.#cursor);
    const to = Math.max(0, Math.min(this.#rows.loaded - 1, from < 0 ? 0 : from + step));
    const item = this.#rows.at(to);
    if (!item) return;
    if (choose) this.#selection.add([this.#rows.at(Math.max(0, from)) ?? item, item]);
    this.#cursor = item.id;
    this.#list.focus(to);
    const link = focused();
    if (this.#opened && !choose && link instanceof HTMLAnchorElement) pane.open(link.href);
  }

  /** Open or close a burst. @param {Item | undefined} item @param {boolean} [wanted] */
  #toggleFold(item, wanted) {
    if (!item || !isFold(item)) return;
    this.#rows.toggle(item.id, wanted);
    this.#cursor = item.id;
    this.#list.focus(this.#rows.indexOf(item.id));
    this.#list.invalidate();
  }

  #startPane() {
    pane.follow((url) => {
      this.#opened = idIn(url);
      if (this.#opened) this.#cursor = this.#opened;
      this.#list.invalidate();
    });
    // The way back to the list from which it was opened.
    byId("detail").addEventListener("click", (event) => {
      if (isModified(event) || !closest(event.target, ".back")) return;
      event.preventDefault();
      this.#back();
    });
    pane.start();
    importing.start();
    marks.start();
    message.start({
      opened: (id) => this.#markRead(id),
      deleted: (id) => this.#deleted(id),
      restored: () => this.#feed.load(),
    });
  }

  /** @param {string} id */
  #markRead(id) {
    const entry = this.#feed.store.get(id);
    this.#put(entry?.read === false ? [{ ...entry, read: true }] : []);
  }

  /** Handle the deletion of the message in the pane, which the feed may have reported already. @param {string} id */
  #deleted(id) {
    this.#drop(id);
    this.#feed.settle();
    if (id === this.#opened) this.#back(); // another may already be open
  }

  /** Close the message, and return to the same place in the list, unless the focus is in a field. */
  #back() {
    if (this.#opened) pane.open(routes.list(this.#kept));
    const index = this.#rows.indexOf(this.#cursor);
    if (index >= 0 && !forms.isTyping()) this.#list.focus(index);
  }

  /** Whether messages are selected. Boxes ticked before the list was read count too. */
  get #isChoosing() {
    return this.#selection.some || (!this.#feed.ready && find("#entries input:checked") !== null);
  }

  /**
   * Let keys wait for the list: a key pressed before it was read is not lost.
   * @template {string} Key
   * @param {Record<Key, () => void>} keys
   * @returns {Record<Key, () => Promise<void>>}
   */
  #onceRead(keys) {
    const waiting = /** @type {Record<Key, () => Promise<void>>} */ ({});
    for (const key in keys) {
      waiting[key] = async () => {
        await this.#begun;
        keys[key]();
      };
    }
    return waiting;
  }

  #bindKeys() {
    const [actions, selection] = [this.#actions, this.#selection];
    const chosen = this.#onceRead({ ...actions.keys, "#": () => actions.remove() });
    const open = pane.onceShown({
      "#": () => find("#detail [data-delete]")?.click(),
      t: marks.addTag,
      s: marks.nextStatus,
      a: marks.annotate,
      A: marks.assign,
      c: marks.comment,
    });
    bind({
      ...chosen,
      ...this.#onceRead({
        j: () => this.#move(1),
        k: () => this.#move(-1),
        J: () => this.#move(1, { choose: true }),
        K: () => this.#move(-1, { choose: true }),
        x: () => this.#toggleChosen(),
        "*": () => actions.toggleAll(),
        ArrowRight: () => this.#toggleFold(this.#underCursor(), true),
        ArrowLeft: () => this.#toggleFold(this.#underCursor(), false),
      }),
      "#": (event) => (this.#isChoosing ? chosen["#"]() : open["#"](event)),
      t: (event) => (this.#isChoosing ? chosen.t() : open.t(event)),
      s: (event) => (this.#isChoosing ? chosen.s() : open.s(event)),
      a: open.a,
      A: (event) => (this.#isChoosing ? chosen.A() : open.A(event)),
      c: open.c,
      h: () => $(`a[data-show=${this.#show === "mail" ? "all" : "mail"}]`).click(),
      u: () => this.#back(),
      Escape: () => (selection.some ? selection.clear() : this.#back()),
    });
  }

  #toggleChosen() {
    const item = this.#underCursor();
    if (item) this.#selection.toggle(item);
  }
}

new InboxPage().start();
