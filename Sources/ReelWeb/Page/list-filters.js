// The filters' form and the address say the same: each change of one changes the other.

import { byId } from "./dom.js";

/** @param {() => void} changed called when the address says something else than before */
export function bindFilters(changed) {
  const form = byId("filters");
  const more = byId("more");
  fill(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    more.open = false;
    apply(form, changed);
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const field of form.querySelectorAll("input, select")) field.value = "";
    apply(form, changed);
  });
  // A click outside closes the sheet.
  document.addEventListener("click", (event) => {
    if (!more.contains(event.target)) more.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") more.open = false;
  });
  addEventListener("popstate", () => fill(form));
}

function fill(form) {
  const query = new URLSearchParams(location.search);
  for (const field of form.querySelectorAll("[name]")) field.value = query.get(field.name) ?? "";
  tellCount(query);
}

function apply(form, changed) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (String(value).trim() !== "") query.append(name, String(value).trim());
  }
  const text = query.toString();
  if (`?${text}` !== location.search && text !== location.search) {
    history.pushState(null, "", text ? `?${text}` : location.pathname);
  }
  tellCount(query);
  changed();
}

function tellCount(query) {
  const number = [...query.keys()].filter((name) => name !== "q").length;
  const badge = byId("filter-count");
  badge.hidden = number === 0;
  badge.textContent = String(number);
}
