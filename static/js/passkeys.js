// Passkeys: before a [data-passkey] form is sent, the browser provides a passkey, or makes one.

import { $, $$, find, getJSON, setText } from "./core/dom.js";
import { gettext } from "./core/i18n.js";

// Browsers offer this only over HTTPS and on localhost.
const hasPasskeys = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** @param {HTMLFormElement} form @returns {Promise<Credential | null>} */
async function ask(form) {
  const { publicKey } = await getJSON(form.dataset.challenge ?? "", { method: "POST" });
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
}

/** @param {unknown} error */
function inWords(error) {
  const isDevices = error instanceof DOMException;
  if (isDevices && error.name === "InvalidStateError") return gettext("This device has a passkey for you already.");
  return isDevices ? gettext("No passkey was used.") : /** @type {Error} */ (error).message;
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const wrong = $("[data-passkey-wrong]", form);
  wrong.hidden = true;
  try {
    const credential = await ask(form);
    if (!(credential instanceof PublicKeyCredential)) return;
    $("[name=answer]", form, HTMLInputElement).value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    setText(wrong, inWords(error));
    wrong.hidden = false;
  }
}

for (const form of $$("[data-passkey]", document, HTMLFormElement)) {
  form.hidden = !hasPasskeys;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
const without = find("[data-no-passkeys]");
if (without) without.hidden = hasPasskeys;
