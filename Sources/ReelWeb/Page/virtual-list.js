// A list of any length of which only the rows in sight are in the page.

import { element } from "./dom.js";

const rowHeight = 30;

export class VirtualList {
  /**
   * @param {(item: any) => Node[]} cells what a row shows
   * @param {(item: any) => void} choose a row was clicked, or Enter pressed on it
   * @param {string} label
   */
  constructor(cells, choose, label) {
    this.cells = cells;
    this.choose = choose;
    this.items = [];
    this.current = -1;
    this.body = element("div", { class: "rows", role: "list" });
    this.root = element("div", { class: "list", tabIndex: 0, "aria-label": label, onscroll: () => this.draw() }, this.body);
    new ResizeObserver(() => this.draw()).observe(this.root);
  }

  set(items) {
    this.items = items;
    this.current = -1;
    this.body.style.height = `${items.length * rowHeight}px`;
    this.draw();
  }

  /** Marks the last item at or before a moment, and brings it into sight when it changes. */
  follow(time) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.items[middle].time <= time) low = middle + 1;
      else high = middle;
    }
    if (low - 1 === this.current) return;
    this.current = low - 1;
    // Somebody who reads in the list is not pulled away from it.
    if (!this.root.matches(":hover")) this.root.scrollTop = Math.max(0, this.current * rowHeight - this.root.clientHeight / 2);
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.root.scrollTop / rowHeight) - 4);
    const last = Math.min(this.items.length, first + Math.ceil(this.root.clientHeight / rowHeight) + 8);
    const rows = [];
    for (let index = first; index < last; index += 1) rows.push(this.#row(this.items[index], index));
    this.body.replaceChildren(...rows);
  }

  #row(item, index) {
    const row = element("button", {
      class: "row", type: "button", "data-kind": item.kind, role: "listitem", onclick: () => this.choose(item),
    }, ...this.cells(item));
    if (index === this.current) row.setAttribute("aria-current", "true");
    if (index > this.current) row.classList.add("later");
    row.style.top = `${index * rowHeight}px`;
    return row;
  }
}
