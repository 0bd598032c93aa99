// Actions on a whole session: copy it as text, show how to reproduce it.

import { $, find, isModified, setText } from "../core/dom.js";
import { load } from "../core/fragments.js";
import * as keys from "../core/keys.js";
import { announce, toast } from "../core/toast.js";
import { fill, gettext } from "../core/i18n.js";

const COPIED_MS = 2000;

const copier = $("[data-copy-text]");
const link = find("[data-replay]"); // missing for an import
const details = $("[data-details]");

async function copy() {
  const response = await fetch(copier.dataset.copyText ?? "").catch(() => undefined);
  if (!response?.ok) return toast(fill(gettext("The transcript could not be read: %(why)s"), { why: response?.status ?? gettext("The server cannot be reached") }));
  await navigator.clipboard.writeText(await response.text());
  const words = $("span", copier);
  setText(words, gettext("Copied"));
  announce(gettext("The transcript is copied"));
  setTimeout(() => setText(words, gettext("Copy")), COPIED_MS);
  return undefined;
}

/** @param {string} url of the commands */
async function replay(url) {
  try {
    if (!(await load(details, url))) return undefined;
  } catch (error) {
    return toast(fill(gettext("The commands could not be read: %(why)s"), { why: String(error) }));
  }
  delete details.dataset.empty;
  details.scrollTop = 0;
  announce(gettext("The commands to reproduce the session are shown"));
  return undefined;
}

if (navigator.clipboard) {
  copier.hidden = false;
  copier.addEventListener("click", copy);
  keys.bind({ c: copy });
}
if (link) {
  const show = () => replay(link.dataset.replay ?? "");
  link.addEventListener("click", (event) => {
    if (isModified(event)) return;
    event.preventDefault();
    show();
  });
  keys.bind({ r: show });
}
