// Actions on the selected messages, and selecting them with mouse, touch and keys.

import { $, $$, byId, closest, find, setText } from "../core/dom.js";
import { count } from "../core/format.js";
import * as forms from "../core/forms.js";
import { fill, gettext, ngettext } from "../core/i18n.js";
import { routes } from "../core/routes.js";
import { announce, toast } from "../core/toast.js";
import * as counts from "../widgets/counts.js";
import { Selection } from "./selection.js";

/** @typedef {import("./folds.js").Item} Item */
/** @typedef {import("./store.js").Entry} Entry */

const DOWNLOADS = new Set(["zip", "mbox", "eml"]);
/** @type {Record<string, Partial<Entry>>} the changes of an entry by each action, applied before the feed sends them */
const CHANGES = { read: { read: true }, unread: { read: false }, pin: { pinned: true }, unpin: { pinned: false } };

/** @param {string} action @param {FormData} data */
const changeOf = (action, data) => (action === "assign" ? { assignee: data.get("assignee") || null } : CHANGES[action]);

export class BulkActions {
  selection = new Selection(() => this.#changed(), () => this.#rows.all());
  #form = byId("chosen", HTMLFormElement);
  // Both are missing in a list of failures only, which cannot be selected.
  #everything = find("#everything", document, HTMLFormElement);
  #tickAll = find("[data-tick-all] input", document, HTMLInputElement);
  #announced = "";
  /** @type {Promise<unknown>} one action at a time, in the order of the requests */
  #last = Promise.resolve();
  #scroller;
  #rows;
  #store;
  #query;
  #repaint;
  #put;
  #deleted;

  /**
   * @param {object} world
   * @param {HTMLElement} world.scroller
   * @param {import("./folds.js").Folds} world.rows
   * @param {import("./store.js").Store} world.store
   * @param {string} world.query the search of the list
   * @param {() => void} world.repaint
   * @param {(entries: Entry[]) => void} world.put takes the current state of entries
   * @param {(ids: string[]) => void} world.deleted gets the loaded messages that went to the trash
   */
  constructor({ scroller, rows, store, query, repaint, put, deleted }) {
    this.#scroller = scroller;
    this.#rows = rows;
    this.#store = store;
    this.#query = query;
    this.#repaint = repaint;
    this.#put = put;
    this.#deleted = deleted;
    this.#form.addEventListener("formdata", ({ formData }) => {
      formData.delete("id");
      formData.set("ids", [...this.selection.ids].join(","));
      if (this.selection.all) formData.set("all", "yes");
    });
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#everything?.addEventListener("submit", (event) => this.#submitEverything(event));
    this.#tickAll?.addEventListener("change", () => this.toggleAll());
    for (const label of $$("[data-tick-all]")) label.hidden = false;
    scroller.addEventListener("click", (event) => this.#click(event), true);
    scroller.addEventListener("keydown", (event) => this.#press(event), true);
  }

  keys = {
    e: () => this.#either("read", "unread", (each) => each.read),
    p: () => this.#either("pin", "unpin", (each) => each.pinned),
    t: () => this.#openMenu("tag"),
    A: () => this.#openMenu("assign"),
    s: () => this.#openMenu("more", "status"),
    d: () => this.#openMenu("more", "download"),
    C: () => this.#compare(),
  };

  /** Move the selected messages to the trash. */
  remove() {
    this.#act("delete");
  }

  /** Select all that match; if they are selected already, none. */
  toggleAll() {
    if (this.selection.all) this.selection.clear();
    else if (this.#tickAll && this.#matching !== 0) this.selection.chooseAll();
  }

  /** The messages that are loaded. */
  get #messages() {
    return this.#store.entries().filter((each) => !("outcome" in each));
  }

  /** How many messages match; null if that is unknown. */
  get #matching() {
    if (this.#store.next === null) return this.#messages.length;
    return this.#query ? null : counts.known()?.messages ?? null;
  }

  /** The size of the selection, in words. @param {number | null} many */
  #words(many) {
    if (many !== null) return fill(ngettext("%(n)s selected", "%(n)s selected", many), { n: count(many) });
    return this.#query ? gettext("All results selected") : gettext("All messages selected");
  }

  /** @param {string} selector */
  #part(selector) {
    return $(selector, this.#form);
  }

  #changed() {
    const { selection } = this;
    const many = selection.all ? this.#matching : selection.size;
    const words = this.#words(many);
    this.#form.toggleAttribute("data-some", selection.some);
    this.#scroller.toggleAttribute("data-choosing", selection.some);
    setText(this.#part("[data-chosen-count]"), words);
    if (this.#tickAll) {
      this.#tickAll.checked = selection.all;
      this.#tickAll.indeterminate = selection.some && !selection.all;
    }
    this.#part("[value=compare]").hidden = selection.all || selection.size !== 2;
    this.#part("[value=eml]").hidden = selection.all || selection.size !== 1;
    if (words !== this.#announced) announce(words);
    this.#announced = words;
    this.#repaint();
  }

  /** @param {EventTarget | null} target @returns {Item | undefined} */
  #itemAt(target) {
    const id = closest(target, "li.row")?.dataset.id;
    return id ? this.#rows.at(this.#rows.indexOf(id)) : undefined;
  }

  /** Select from the anchor to a row. @param {Item} item */
  #chooseRange(item) {
    const [from, to] = [this.#rows.indexOf(this.selection.anchor), this.#rows.indexOf(item.id)];
    if (from < 0) this.selection.toggle(item, true);
    else this.selection.add(this.#rows.all().slice(Math.min(from, to), Math.max(from, to) + 1));
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const item = this.#itemAt(event.target);
    if (!item) return;
    const onBox = closest(event.target, ".choose");
    if (!onBox && !event.ctrlKey && !event.metaKey && !event.shiftKey) return;
    event.preventDefault();
    if (event.shiftKey) this.#chooseRange(item);
    else this.selection.toggle(item);
    // The browser restores a checkbox's old state after the click, so paint it then.
    setTimeout(() => this.#repaint());
  }

  /** Handle a key on the checkbox of a row, where Enter would submit the form. @param {KeyboardEvent} event */
  #press(event) {
    if (![" ", "Enter"].includes(event.key) || !(event.target instanceof HTMLInputElement)) return;
    const item = this.#itemAt(event.target);
    if (!item) return;
    event.preventDefault();
    this.selection.toggle(item);
  }

  /** Run an action on all messages that match. @param {SubmitEvent} event */
  #submitEverything(event) {
    const action = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
    if (DOWNLOADS.has(action)) return;
    event.preventDefault();
    this.#act(action, new FormData(/** @type {HTMLFormElement} */ (event.target)), this.#messages.map(({ id }) => id));
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    const action = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "tag";
    if (DOWNLOADS.has(action)) return;
    event.preventDefault();
    if (action === "compare") this.#compare();
    else this.#act(action);
  }

  #compare() {
    if (this.selection.size !== 2 || this.selection.all) return toast(gettext("Select two messages to compare them."));
    const [older, newer] = [...this.selection.ids].sort();
    location.assign(routes.compare({ a: older, b: newer }));
    return undefined;
  }

  /**
   * Run an action on messages, by default on the selected ones.
   * @param {string | (() => string)} action a function may depend on the results of earlier actions
   * @param {FormData} [data] names the messages
   * @param {string[]} [ids] the loaded ones among them
   */
  #act(action, data = new FormData(this.#form), ids = [...this.selection.ids]) {
    const menus = $$(".toolbar details[open]", document, HTMLDetailsElement); // not those opened before the answer arrives
    const perform = () => this.#perform(typeof action === "string" ? action : action(), data, ids, menus);
    this.#last = this.#last.catch(() => {}).then(perform);
  }

  /** @param {string[]} ids @returns {Entry[]} the loaded ones */
  #loaded(ids) {
    return ids.map((id) => this.#store.get(id)).filter((each) => each !== undefined);
  }

  /** @param {string} action @param {FormData} data @param {string[]} ids @param {HTMLDetailsElement[]} menus to close afterwards */
  async #perform(action, data, ids, menus) {
    data.set("do", action);
    const before = this.#loaded(ids); // now, as the feed may be ahead of the answer
    const answer = await post(routes.chosen, data);
    if (!answer) return;
    const change = changeOf(action, data);
    if (change) this.#put(this.#loaded(ids).map((each) => ({ ...each, ...change })));
    for (const menu of menus) if (!isOverwritten(menu, data)) forms.close(menu);
    if (action === "assign") this.#sayAssigned(answer.count, data, before);
    if (action !== "delete") return;
    this.#deleted(data.has("all") ? this.#messages.map(({ id }) => id) : ids);
    // Messages selected since the request stay selected.
    if (data.has("all") && this.selection.all) this.selection.clear();
    else this.selection.drop(ids);
    const words = ngettext("%(n)s message moved to the trash", "%(n)s messages moved to the trash", answer.count);
    toast(fill(words, { n: count(answer.count) }), { label: gettext("Undo"), run: () => undo(answer.at) });
  }

  /**
   * Show whom messages are assigned to; if all of them are loaded, the assignment can be undone.
   * @param {number} many @param {FormData} data @param {Entry[]} before their previous state
   */
  #sayAssigned(many, data, before) {
    const name = String(data.get("assignee"));
    const words = name
      ? ngettext("%(n)s message assigned to %(name)s", "%(n)s messages assigned to %(name)s", many)
      : ngettext("%(n)s message assigned to nobody", "%(n)s messages assigned to nobody", many);
    const undo = { label: gettext("Undo"), run: () => this.#assignBack(before) };
    toast(fill(words, { n: count(many), name }), many === before.length ? undo : undefined);
  }

  /** Restore the previous assignees of messages. @param {Entry[]} before their previous state */
  async #assignBack(before) {
    for (const name of new Set(before.map(({ assignee }) => assignee))) {
      const ids = before.filter(({ assignee }) => assignee === name).map(({ id }) => id);
      const data = new FormData();
      for (const [key, value] of Object.entries({ do: "assign", assignee: name ?? "", ids: ids.join(",") })) data.set(key, value);
      if (!(await post(routes.chosen, data))) return;
      this.#put(this.#loaded(ids).map((each) => ({ ...each, assignee: name })));
    }
    toast(gettext("The messages are assigned as before"));
  }

  /** Open a menu of the form, and focus its first field, or that of a group. @param {string} name @param {string} [group] */
  #openMenu(name, group) {
    if (!this.selection.some) return;
    const menu = find(`[data-menu=${name}]`, this.#form, HTMLDetailsElement);
    if (!menu) return; // the user's role does not allow it
    forms.open(menu);
    if (group) find(`[aria-labelledby=chosen-${group}] button:not([hidden])`, menu)?.focus();
  }

  /**
   * Run an action, or the other one if `so` holds for all selected messages.
   * @param {string} action @param {string} other @param {(entry: Entry) => boolean} so
   */
  #either(action, other, so) {
    if (!this.selection.some) return;
    const ids = [...this.selection.ids];
    this.#act(() => (this.#loaded(ids).every(so) ? other : action));
  }
}

/** Whether the user has changed a menu since its fields were sent. @param {HTMLDetailsElement} menu @param {FormData} sent */
const isOverwritten = (menu, sent) =>
  $$("input, select", menu).some((/** @type {any} */ { name, value }) => sent.has(name) && sent.get(name) !== value);

/** @param {string} at when it was deleted */
async function undo(at) {
  const data = new FormData();
  data.set("at", at);
  const answer = await post(routes.restoreTrash, data);
  if (answer) toast(fill(ngettext("%(n)s message is back", "%(n)s messages are back", answer.count), { n: count(answer.count) }));
}

/**
 * @param {string} url
 * @param {FormData} data
 * @returns {Promise<any>} undefined after a failure, which a toast shows
 */
async function post(url, data) {
  try {
    const response = await fetch(url, { method: "POST", body: data, headers: { Accept: "application/json" } });
    const answer = await response.json();
    if (response.ok) return answer;
    if (answer.page) location.assign(answer.page);
    else toast(answer.detail);
  } catch {
    toast(gettext("The server cannot be reached"));
  }
  return undefined;
}
