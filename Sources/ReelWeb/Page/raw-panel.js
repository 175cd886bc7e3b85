// The events themselves, of the chunk that the playhead is in.

import { element } from "./dom.js";
import { nameOf } from "./events.js";
import { VirtualList } from "./virtual-list.js";
import { clock } from "./words.js";

// A full snapshot as pretty JSON can be tens of megabytes, which no one reads.
const shownSizeMax = 100_000;

export class RawPanel {
  constructor({ recording, seek }) {
    this.recording = recording;
    this.index = -1;
    this.events = [];
    this.types = element("select", { "aria-label": "Type", onchange: () => this.#filter() });
    this.detail = element("pre", { class: "detail mono", hidden: true });
    this.list = new VirtualList((item) => [
      element("span", { class: "when mono" }, clock(item.time - recording.start)),
      element("span", { class: "when mono" }, `#${item.event.ordinal}`),
      element("span", { class: "text" }, nameOf(item.event)),
    ], (item) => {
      seek(item.time);
      this.detail.hidden = false;
      this.detail.textContent = prettyJSON(item.event);
    }, "Events");
    this.root = element("div", { class: "stack" }, element("div", { class: "filter" }, this.types), this.list.root, this.detail);
  }

  show(time) {
    const index = this.recording.chunks.findLastIndex((chunk) => chunk.from <= time);
    if (index >= 0 && index !== this.index) this.#load(index, time);
    this.list.follow(time);
  }

  async #load(index, time) {
    this.index = index;
    const events = await this.recording.eventsOf(index).catch(() => []);
    if (index !== this.index) return;
    this.events = events.map((event) => ({ event, time: event.timestamp })).sort((one, other) => one.time - other.time);
    const names = [...new Set(this.events.map(({ event }) => nameOf(event)))].sort();
    const chosen = this.types.value;
    this.types.replaceChildren(element("option", { value: "" }, `all of this chunk (${this.events.length})`),
      ...names.map((name) => element("option", { value: name }, name)));
    this.types.value = names.includes(chosen) ? chosen : "";
    this.#filter();
    this.list.follow(time);
  }

  #filter() {
    this.list.set(this.events.filter(({ event }) => this.types.value === "" || nameOf(event) === this.types.value));
  }
}

/** Without what the page itself added. */
function prettyJSON({ ordinal, delay, ...event }) {
  const text = JSON.stringify(event, null, 2);
  return text.length > shownSizeMax ? `${text.slice(0, shownSizeMax)}\n… ${text.length - shownSizeMax} characters more` : text;
}
