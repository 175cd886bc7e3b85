// The rows of the list: newest first, each recording once. Whatever comes and goes, what the reader looks at stays where
// it is.

import { rowOf } from "./list-row.js";

export class ListRows {
  #body;
  /** @type {Map<number, HTMLTableRowElement>} */
  #rows = new Map();

  /** @param {HTMLTableSectionElement} body */
  constructor(body) {
    this.#body = body;
  }

  get count() {
    return this.#rows.size;
  }

  clear() {
    this.#rows.clear();
    this.#body.replaceChildren();
  }

  /** Adds older ones at the end. */
  append(recordings) {
    for (const recording of recordings) this.#put(recording);
  }

  /**
   * Shows recordings as they are now.
   * @param {any[]} recordings
   * @param {number[]} absent numbers of those that go
   * @param {boolean} isWhole whether what is older than all rows belongs to them, too
   */
  change(recordings, absent, isWhole) {
    this.#keepingPlace(() => {
      const oldest = Number(this.#body.lastElementChild?.dataset.number ?? 0);
      for (const recording of recordings) if (isWhole || recording.number >= oldest) this.#put(recording);
      for (const number of absent) this.#remove(number);
    });
  }

  /**
   * Shows a part of the list as it is now.
   * @param {any[]} recordings the newest of the list
   * @param {boolean} isWhole whether there are no others
   */
  replace(recordings, isWhole) {
    const oldest = isWhole ? 0 : recordings[recordings.length - 1].number;
    const there = new Set(recordings.map((recording) => recording.number));
    const absent = [...this.#rows.keys()].filter((number) => number >= oldest && !there.has(number));
    this.change(recordings, absent, true);
  }

  #put(recording) {
    const { number } = recording;
    const row = rowOf(recording);
    row.dataset.number = String(number);
    const old = this.#rows.get(number);
    this.#rows.set(number, row);
    if (old) {
      const hasFocus = old.contains(document.activeElement);
      old.replaceWith(row);
      if (hasFocus) row.querySelector("a.open")?.focus({ preventScroll: true });
      return;
    }
    const last = this.#body.lastElementChild;
    if (!last || Number(last.dataset.number) > number) return this.#body.append(row);
    // New ones belong to the top.
    let next = this.#body.firstElementChild;
    while (Number(next.dataset.number) > number) next = next.nextElementSibling;
    next.before(row);
  }

  #remove(number) {
    const row = this.#rows.get(number);
    if (!row) return;
    this.#rows.delete(number);
    if (row.contains(document.activeElement)) {
      (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("a.open")?.focus({ preventScroll: true });
    }
    row.remove();
  }

  /** Does something to the rows, and has the one in view stay in its place. */
  #keepingPlace(action) {
    const place = this.#rowInView();
    const top = place?.getBoundingClientRect().top;
    const number = Number(place?.dataset.number);
    action();
    const row = this.#rows.get(number) ?? (place?.isConnected ? place : null);
    if (row) scrollBy(0, row.getBoundingClientRect().top - top);
  }

  /** The first row below the bar that can be seen; null at the top, where what is new is to be seen. */
  #rowInView() {
    if (scrollY < 1) return null;
    const box = this.#body.getBoundingClientRect();
    return document.elementsFromPoint(box.left + 4, 80).map((node) => node.closest("tr[data-number]")).find(Boolean) ?? null;
  }
}
