// Choosing messages with mouse, touch and keys, and what is done with them.

import { Chosen } from "./selection.js";
import { setText } from "../core/dom.js";
import { count } from "../core/format.js";
import * as forms from "../core/forms.js";
import { announce, toast } from "../core/toast.js";
import { fill, gettext, ngettext } from "../core/i18n.js";

/** @typedef {import("./folds.js").Item} Item */

const DOWNLOADS = new Set(["zip", "mbox", "eml"]);
/** What a deed makes of an entry, @type {Record<string, object>} where that is plain before the feed tells it */
const CHANGES = { read: { read: true }, unread: { read: false }, pin: { pinned: true }, unpin: { pinned: false } };

/**
 * @param {object} world
 * @param {HTMLElement} world.scroller
 * @param {import("./folds.js").Folds} world.rows
 * @param {() => void} world.repaint
 * @param {() => number} world.total how many there are in the list
 * @param {(id: string) => import("./store.js").Entry | undefined} world.entry
 * @param {(entries: import("./store.js").Entry[]) => void} world.put takes entries as they are by now
 */
export function choosing({ scroller, rows, repaint, total, entry, put }) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById("chosen"));
  /** @param {string} selector @returns {HTMLElement} */
  const part = (selector) => /** @type {HTMLElement} */ (form.querySelector(selector));
  const chosen = new Chosen(changed);
  let said = 0;
  /** @type {Promise<unknown>} one deed at a time, in the order in which they were asked for */
  let last = Promise.resolve();

  function changed() {
    form.toggleAttribute("data-some", chosen.size > 0);
    scroller.toggleAttribute("data-choosing", chosen.size > 0);
    const many = chosen.all ? total() : chosen.size;
    const words = fill(ngettext("%(n)s chosen", "%(n)s chosen", many), { n: count(many) });
    setText(part("[data-chosen-count]"), words);
    part("[data-choose-all]").hidden = chosen.all || total() <= chosen.size;
    setText(part("[data-choose-all]"), fill(gettext("Choose all %(n)s"), { n: count(total()) }));
    part("[data-choose-none]").hidden = false;
    part("[value=compare]").hidden = chosen.all || chosen.size !== 2;
    part("[value=eml]").hidden = chosen.all || chosen.size !== 1;
    if (many !== said) announce(words);
    said = many;
    repaint();
  }

  /** @param {EventTarget | null} target @returns {Item | undefined} */
  const itemAt = (target) => {
    const id = target instanceof Element && /** @type {HTMLElement | null} */ (target.closest("li.row"))?.dataset.id;
    return id ? rows.at(rows.indexOf(id)) : undefined;
  };

  /** From the anchor to a row. @param {Item} item */
  function range(item) {
    const [from, to] = [rows.indexOf(chosen.anchor), rows.indexOf(item.id)];
    const items = [];
    for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) items.push(rows.at(index));
    if (from < 0) chosen.toggle(item, true);
    else chosen.add(items.filter((each) => each !== undefined));
  }

  /** @param {MouseEvent} event */
  function click(event) {
    const item = itemAt(event.target);
    if (!item) return;
    const onBox = event.target instanceof Element && event.target.closest(".choose");
    if (!onBox && !event.ctrlKey && !event.metaKey && !event.shiftKey) return;
    event.preventDefault();
    // A checkbox takes its new state only after the click: it is painted then.
    setTimeout(() => (event.shiftKey ? range(item) : chosen.toggle(item)));
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    // On the box of a row, where Enter would send the form.
    if (![" ", "Enter"].includes(event.key) || !(event.target instanceof HTMLInputElement)) return;
    const item = itemAt(event.target);
    if (!item) return;
    event.preventDefault();
    chosen.toggle(item);
  }

  /** @param {SubmitEvent} event */
  function submit(event) {
    const deed = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value ?? "tag";
    if (DOWNLOADS.has(deed)) return;
    event.preventDefault();
    if (deed === "compare") compare();
    else act(deed);
  }

  function compare() {
    if (chosen.size !== 2 || chosen.all) return toast(gettext("Choose two messages to compare them."));
    const [older, newer] = [...chosen.ids].sort();
    location.assign(`/compare?a=${older}&b=${newer}`);
  }

  /** Do something with what is chosen now. @param {string | (() => string)} deed which may depend on what those before came to */
  function act(deed) {
    const [data, ids] = [new FormData(form), [...chosen.ids]];
    last = last.catch(() => {}).then(() => perform(typeof deed === "string" ? deed : deed(), data, ids));
  }

  /** @param {string[]} ids @returns {import("./store.js").Entry[]} those that are loaded */
  const known = (ids) => ids.map(entry).filter((each) => each !== undefined);

  /** @param {string} deed @param {FormData} data @param {string[]} ids */
  async function perform(deed, data, ids) {
    data.set("do", deed);
    const answer = await post("/messages/chosen", data);
    if (!answer) return;
    if (CHANGES[deed]) put(known(ids).map((each) => ({ ...each, ...CHANGES[deed] })));
    for (const menu of form.querySelectorAll("details[open]")) menu.removeAttribute("open");
    if (deed !== "delete") return;
    chosen.clear();
    const words = ngettext("%(n)s message moved to the trash", "%(n)s messages moved to the trash", answer.count);
    toast(fill(words, { n: count(answer.count) }), { label: gettext("Undo"), run: () => undo(answer.at) });
  }

  /** @param {string} at when it was deleted */
  async function undo(at) {
    const data = new FormData();
    data.set("at", at);
    const answer = await post("/trash/restore", data);
    if (answer) toast(fill(ngettext("%(n)s message is back", "%(n)s messages are back", answer.count), { n: count(answer.count) }));
  }

  form.addEventListener("formdata", ({ formData }) => {
    formData.delete("id");
    formData.set("ids", [...chosen.ids].join(","));
    if (chosen.all) formData.set("all", "yes");
  });
  form.addEventListener("submit", submit);
  part("[data-choose-all]").addEventListener("click", () => chosen.chooseAll());
  part("[data-choose-none]").addEventListener("click", () => chosen.clear());
  scroller.addEventListener("click", click, true);
  scroller.addEventListener("keydown", key, true);

  /** Open one of the form's menus, and be in its first field. @param {string} name */
  function menu(name) {
    if (chosen.size) forms.open(/** @type {HTMLDetailsElement} */ (part(`[data-menu=${name}]`)));
  }

  /** Do the one, or where it is so with all that are chosen, the other. @param {string} deed @param {string} other @param {(entry: import("./store.js").Entry) => boolean} so */
  function either(deed, other, so) {
    if (!chosen.size) return;
    const ids = [...chosen.ids];
    act(() => (known(ids).every(so) ? other : deed));
  }

  return {
    chosen,
    keys: {
      e: () => either("read", "unread", (each) => each.read),
      p: () => either("pin", "unpin", (each) => each.pinned),
      t: () => menu("tag"),
      s: () => menu("status"),
      d: () => menu("download"),
      C: compare,
    },
    remove: () => act("delete"),
  };
}

/**
 * @param {string} url
 * @param {FormData} data
 * @returns {Promise<any>} undefined where it failed, which is said
 */
async function post(url, data) {
  try {
    const response = await fetch(url, { method: "POST", body: data, headers: { Accept: "application/json" } });
    const answer = await response.json();
    if (response.ok) return answer;
    toast(answer.detail);
  } catch {
    toast(gettext("The server cannot be reached"));
  }
  return undefined;
}
