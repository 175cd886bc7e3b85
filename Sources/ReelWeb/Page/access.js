// The reader's token: out of a link's fragment (which browsers send to nobody), or asked for; kept for this origin.
// Not a cookie: cookies go to every port of a host, so every other server on this machine would be shown it.

import { byId } from "./dom.js";

const key = "reeld.token";

/** @returns {string | null} */
export function token() {
  takeFromURL();
  return localStorage.getItem(key);
}

export function forgetToken() {
  localStorage.removeItem(key);
}

/** `#token=…` is kept and leaves the address, so that no copied link and no bookmark has it. */
function takeFromURL() {
  const match = /^#token=(.+)$/.exec(location.hash);
  if (!match) return;
  localStorage.setItem(key, decodeURIComponent(match[1]));
  history.replaceState(history.state, "", location.pathname + location.search);
}

/** @type {Promise<void> | null} */
let asking = null;

/** Asks the reader for a token; many who ask at once share one dialog. */
export function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = byId("sign-in");
    const field = byId("token");
    byId("sign-in-refused").hidden = localStorage.getItem(key) === null;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    byId("sign-in-form").onsubmit = (event) => {
      event.preventDefault();
      if (field.value.trim() === "") return;
      localStorage.setItem(key, field.value.trim());
      field.value = "";
      dialog.close();
      asking = null;
      resolve();
    };
    dialog.showModal();
  });
  return asking;
}
