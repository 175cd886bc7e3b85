// The list: what the address asks for, page after page, and as it changes.

import { forgetToken } from "./access.js";
import { askJSON } from "./api.js";
import { byId } from "./dom.js";
import { bindFilters } from "./list-filters.js";
import { followList } from "./list-live.js";
import { ListRows } from "./list-rows.js";
import { count } from "./words.js";

const table = byId("recordings").tBodies[0];
const rows = new ListRows(table);
const end = byId("end");
const notice = byId("notice");
const pageSize = 50;
/** What one answer has at most. */
const pageSizeMax = 1_000;
// Another view was asked for: what the one before still gets is dropped.
let view = new AbortController();
let cursor = null;
let isLoading = false;

function show() {
  view.abort();
  view = new AbortController();
  rows.clear();
  cursor = null;
  isLoading = false;
  notice.hidden = true;
  loadMore();
  const changed = (recordings, absent) => {
    rows.change(recordings, absent, cursor === "end");
    sayEnd();
  };
  followList(location.search, { anew: showAnew, changed }, view.signal);
}

async function loadMore() {
  if (isLoading || cursor === "end") return;
  isLoading = true;
  end.textContent = "Loading …";
  try {
    const page = await ask(pageSize, cursor);
    rows.append(page.recordings);
    cursor = page.next ?? "end";
    isLoading = false;
    sayEnd();
    if (isEndInSight()) loadMore();
  } catch (error) {
    if (error.name === "AbortError") return;
    isLoading = false;
    cursor = "end";
    end.textContent = "";
    tell(error.message);
  }
}

/** Asks again for what is shown: some of what changed was not told. */
async function showAnew() {
  try {
    const page = await ask(Math.min(Math.max(rows.count, pageSize), pageSizeMax), null);
    const isWhole = page.next === null;
    if (page.recordings.length === 0 && !isWhole) return;
    rows.replace(page.recordings, isWhole);
    if (isWhole) cursor = "end";
    sayEnd();
  } catch {
    // Whoever looks at the page has what was there; what changes next is told.
  }
}

async function ask(limit, below) {
  const query = new URLSearchParams(location.search);
  query.set("limit", String(limit));
  if (below) query.set("cursor", below);
  const page = await askJSON(`/v1/recordings?${query}`, { signal: view.signal });
  if (page.damaged) tell(`${count(page.damaged.length, "recording")} could not be read: ${page.damaged[0]}`);
  return page;
}

function sayEnd() {
  end.textContent = cursor !== "end" ? "" : rows.count === 0 ? emptyText() : count(rows.count, "recording");
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
  const links = [...table.querySelectorAll("a.open")];
  const index = links.indexOf(document.activeElement) + step;
  if (!links[index]) return;
  event.preventDefault();
  links[index].focus();
}
