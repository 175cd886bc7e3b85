// The list: what the address asks for, page after page.

import { forgetToken } from "./access.js";
import { askJSON } from "./api.js";
import { byId } from "./dom.js";
import { bindFilters } from "./list-filters.js";
import { rowOf } from "./list-row.js";
import { count } from "./words.js";

const rows = byId("recordings").tBodies[0];
const end = byId("end");
const notice = byId("notice");
const pageSize = 50;
// Another view was asked for: what the one before still gets is dropped.
let view = new AbortController();
let cursor = null;
let isLoading = false;

function show() {
  view.abort();
  view = new AbortController();
  rows.replaceChildren();
  cursor = null;
  isLoading = false;
  notice.hidden = true;
  loadMore();
}

async function loadMore() {
  if (isLoading || cursor === "end") return;
  isLoading = true;
  const { signal } = view;
  end.textContent = "Loading …";
  const query = new URLSearchParams(location.search);
  query.set("limit", String(pageSize));
  if (cursor) query.set("cursor", cursor);
  try {
    const page = await askJSON(`/v1/recordings?${query}`, { signal });
    rows.append(...page.recordings.map(rowOf));
    cursor = page.next ?? "end";
    if (page.damaged) tell(`${count(page.damaged.length, "recording")} could not be read: ${page.damaged[0]}`);
    end.textContent = cursor !== "end" ? "" : rows.rows.length === 0 ? emptyText() : count(rows.rows.length, "recording");
    isLoading = false;
    if (isEndInSight()) loadMore();
  } catch (error) {
    if (error.name === "AbortError") return;
    isLoading = false;
    cursor = "end";
    end.textContent = "";
    tell(error.message);
  }
}

function emptyText() {
  return location.search.length > 1
    ? "No recording is like that. Take a filter away."
    : "There is no recording yet. packaging/run imports three, or see the README for how to record.";
}

function tell(text) {
  notice.textContent = text;
  notice.hidden = false;
}

function isEndInSight() {
  return end.getBoundingClientRect().top < innerHeight + 600;
}

bindFilters(show);
addEventListener("popstate", show);
addEventListener("scroll", () => isEndInSight() && loadMore(), { passive: true });
addEventListener("resize", () => isEndInSight() && loadMore());
byId("sign-out").onclick = () => {
  forgetToken();
  location.reload();
};
document.addEventListener("keydown", moveThroughRows);
show();

/** Up and down go through the rows, / to the search box. */
function moveThroughRows(event) {
  if (event.target.closest("input, select, dialog")) return;
  if (event.key === "/") {
    event.preventDefault();
    byId("filters").q.focus();
  }
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  if (!step) return;
  const links = [...rows.querySelectorAll("a.open")];
  const index = links.indexOf(document.activeElement) + step;
  if (!links[index]) return;
  event.preventDefault();
  links[index].focus();
}
