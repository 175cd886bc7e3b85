// One recording in the list.

import { element } from "./dom.js";
import { duration, moment, shortURL, size, wholeMoment } from "./words.js";

/** @returns {HTMLTableRowElement} */
export function rowOf(recording) {
  const name = element("a", { class: "open", href: `/recordings/${recording.number}` }, titleOf(recording));
  if (recording.status === "erased") {
    return element("tr", { class: "erased" }, element("td", {}, `#${recording.number}`),
      element("td", { colSpan: 6 }, `erased ${moment(recording.erased)}`));
  }
  return element("tr", { "data-status": recording.status },
    element("td", { class: "what" },
      element("div", { class: "title" }, element("span", { class: "hash" }, `#${recording.number}`), name,
        recording.status === "recording" ? element("span", { class: "live" }, "Live") : null,
        recording.pinned ? element("span", { class: "tag pinned" }, "pinned") : null,
        ...recording.tags.map((tag) => element("a", { class: "tag", href: `/?tag=${encodeURIComponent(tag)}` }, tag))),
      element("div", { class: "url", title: recording.first_url || recording.url }, urlOf(recording))),
    cell("Started", moment(recording.created), wholeMoment(recording.created)),
    cell("Length", duration(recording.duration_ms), `${duration(recording.active_ms)} of it active`),
    cell("Pages", recording.pages), cell("Clicks", recording.clicks), errorCell(recording),
    cell("Size", size(recording.stored_bytes), `${size(recording.raw_bytes)} before compression`));
}

function titleOf(recording) {
  return recording.user || recording.activity || recording.session || recording.project || "Somebody";
}

function urlOf(recording) {
  return shortURL(recording.first_url || recording.url) || "no page yet";
}

function cell(label, value, title) {
  return element("td", { class: label === "Started" ? "" : "number", "data-label": label, title }, String(value));
}

function errorCell(recording) {
  const number = recording.console_errors + recording.failed_requests;
  const node = cell("Errors", number, `${recording.console_errors} in the console, ${recording.failed_requests} failed requests`);
  if (number > 0) node.classList.add("bad");
  return node;
}
