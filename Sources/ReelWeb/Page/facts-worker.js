// Reads the whole recording in the background, chunk by chunk, and keeps of it only the facts: so the timeline and the
// panels know everything while the page holds only what is around the playhead.

import { prepare } from "./events.js";
import { FactReader } from "./facts.js";

const factCountMax = 50_000;

/**
 * Gets `{path, generation, token, chunks}`; posts `{facts, active, density, done, count}` after every few chunks, the
 * whole of it each time, and `{trouble}` for a chunk that could not be read.
 */
addEventListener("message", async ({ data: order }) => {
  const reader = new FactReader();
  const density = new Density(order.start, order.end);
  const facts = [];
  let toldAt = 0;
  for (const [index, chunk] of order.chunks.entries()) {
    try {
      const headers = order.token ? { Authorization: `Bearer ${order.token}` } : {};
      const answer = await fetch(`${order.path}/chunks/${chunk.first}?generation=${order.generation}`, { headers });
      if (!answer.ok) throw new Error((await answer.json()).detail);
      const events = prepare(await answer.json(), chunk.first);
      events.sort((one, other) => one.timestamp - other.timestamp);
      density.add(events);
      for (const fact of reader.read(events)) if (facts.length < factCountMax) facts.push(fact);
    } catch (error) {
      postMessage({ trouble: `Events ${chunk.first} to ${chunk.first + chunk.count - 1} could not be read: ${error.message}` });
    }
    const isLast = index === order.chunks.length - 1;
    if (isLast || performance.now() - toldAt > 300) {
      toldAt = performance.now();
      facts.sort((one, other) => one.time - other.time);
      postMessage({ facts, active: reader.active, density: density.bins, isWhole: isLast, isCut: facts.length === factCountMax });
    }
  }
});

/** How many events there are in each 1/300 of the time. */
class Density {
  constructor(start, end) {
    this.bins = new Array(300).fill(0);
    this.start = start;
    this.perBin = Math.max(1, end - start) / this.bins.length;
  }

  add(events) {
    for (const event of events) {
      const bin = Math.floor((event.timestamp - this.start) / this.perBin);
      this.bins[Math.min(Math.max(bin, 0), this.bins.length - 1)] += 1;
    }
  }
}
