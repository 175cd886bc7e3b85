// A recording as the player asks for it: what is known of it, its chunk table, and the events of single chunks.

import { ask, askJSON } from "./api.js";
import { prepare } from "./events.js";

// Parsed events kept, by the size of their text. What is beyond is let go, least lately used first.
const cacheSizeMaxBytes = 48 << 20;

/** @typedef {{first: number, count: number, from: number, to: number, raw_bytes: number, types: number[], sources: number[]}} Chunk */

export class Recording {
  /** @param {string} name number or UUID */
  constructor(name) {
    this.name = name;
    this.about = /** @type {any} */ (null);
    /** @type {Chunk[]} */
    this.chunks = [];
    this.gaps = [];
    this.generation = 0;
    /** Whether events may still come. */
    this.isLive = false;
    this.#cache = new Map();
  }

  /** @type {Map<number, {events: Promise<any[]>, bytes: number}>} by first ordinal */
  #cache;

  get path() {
    return `/v1/recordings/${this.name}`;
  }

  async load() {
    this.about = await askJSON(this.path);
    document.title = `#${this.about.number} ${this.about.user || this.about.activity} · reeld`;
    await this.loadTable();
    this.isLive = this.about.status === "recording" || this.about.status === "idle";
  }

  /** The ordinal behind the last event. */
  get next() {
    const last = this.chunks[this.chunks.length - 1];
    return last ? last.first + last.count : 0;
  }

  /**
   * Takes in events that came while watching, as a chunk of their own that stays in memory: what the store makes of
   * them is another chunk each batch, too.
   */
  append(events) {
    const times = events.map((event) => event.timestamp);
    const chunk = {
      first: events[0].ordinal, count: events.length, from: Math.min(...times), to: Math.max(...times), raw_bytes: 0,
      types: [...new Set(events.map((event) => event.type))],
      sources: [...new Set(events.filter((event) => event.type === 3).map((event) => event.data?.source))],
    };
    this.chunks.push(chunk);
    // Of no size: they are never let go before the table is loaded anew.
    this.#cache.set(chunk.first, { events: Promise.resolve(events), bytes: 0 });
  }

  async loadTable() {
    const table = await askJSON(`${this.path}/chunks`);
    // A compaction cut it into other chunks; what is cached goes by the old ones.
    if (table.generation !== this.generation) this.#cache.clear();
    this.generation = table.generation;
    this.chunks = table.chunks.filter((chunk) => chunk.count > 0).map(normalised);
    this.gaps = table.gaps ?? [];
  }

  /** Milliseconds since 1970 of the first event; 0 without events. */
  get start() {
    return this.chunks.length === 0 ? 0 : Math.min(...this.chunks.map((chunk) => chunk.from));
  }

  get end() {
    return this.chunks.length === 0 ? 0 : Math.max(...this.chunks.map((chunk) => chunk.to));
  }

  get hasSnapshot() {
    return this.chunks.some(holdsSnapshot);
  }

  get hasCanvas() {
    return this.chunks.some((chunk) => chunk.sources.includes(9));
  }

  /**
   * The chunks that showing a moment takes: from the last one before it that holds a full snapshot.
   * @param {number} time
   * @returns {{first: number, last: number}} indexes of chunks, both inclusive
   */
  spanAt(time) {
    let last = 0;
    this.chunks.forEach((chunk, index) => { if (chunk.from <= time) last = index; });
    let first = last;
    while (first > 0 && !holdsSnapshot(this.chunks[first])) first -= 1;
    // A moment before the first full snapshot is shown with that one.
    while (last < this.chunks.length - 1 && !this.chunks.slice(first, last + 1).some(holdsSnapshot)) last += 1;
    return { first, last };
  }

  /** @returns {Promise<any[]>} the events of a chunk in their order, times in milliseconds */
  eventsOf(index) {
    const chunk = this.chunks[index];
    const known = this.#cache.get(chunk.first);
    if (known) {
      this.#cache.delete(chunk.first);
      this.#cache.set(chunk.first, known);
      return known.events;
    }
    const events = this.#fetch(chunk);
    this.#cache.set(chunk.first, { events, bytes: chunk.raw_bytes });
    events.catch(() => this.#cache.delete(chunk.first));
    this.#letGo(chunk.first);
    return events;
  }

  async #fetch(chunk) {
    const answer = await ask(`${this.path}/chunks/${chunk.first}?generation=${this.generation}`);
    return prepare(await answer.json(), chunk.first);
  }

  #letGo(keep) {
    let bytes = 0;
    for (const entry of this.#cache.values()) bytes += entry.bytes;
    for (const [first, entry] of this.#cache) {
      if (bytes <= cacheSizeMaxBytes) return;
      if (first === keep) continue;
      this.#cache.delete(first);
      bytes -= entry.bytes;
    }
  }
}

/** @param {Chunk} chunk */
export function holdsSnapshot(chunk) {
  return chunk.types.includes(2);
}

/** Some recorders write seconds. */
function normalised(chunk) {
  const factor = chunk.to > 0 && chunk.to <= 9_999_999_999 ? 1000 : 1;
  return { ...chunk, from: chunk.from * factor, to: chunk.to * factor };
}
