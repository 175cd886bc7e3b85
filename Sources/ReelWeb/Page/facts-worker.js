// Reads the whole recording in the background, chunk by chunk, and keeps of it only the facts: so the timeline and the
// panels know everything while the page holds only what is around the playhead.

import { Density } from "./density.js";
import { prepare } from "./events.js";
import { FactReader } from "./facts.js";

const factCountMax = 50_000;

const reader = new FactReader();
const density = new Density();
const facts = [];

/**
 * Gets first `{path, generation, token, chunks}` of a recording, and later `{more}`, events that came while watching.
 * Posts `{facts, active, density, isCut}`, the whole of it, after every few chunks, and `{trouble}` for a chunk that
 * could not be read.
 */
let work = Promise.resolve();
addEventListener("message", ({ data }) => {
  // One after the other: what comes later changes what was there before.
  work = work.then(() => (data.more ? readMore(data.more) : readAll(data)));
});

function readMore(events) {
  take(events);
  tell();
}

async function readAll(order) {
  let toldAt = 0;
  for (const [index, chunk] of order.chunks.entries()) {
    try {
      const headers = order.token ? { Authorization: `Bearer ${order.token}` } : {};
      const answer = await fetch(`${order.path}/chunks/${chunk.first}?generation=${order.generation}`, { headers });
      if (!answer.ok) throw new Error((await answer.json()).detail);
      take(prepare(await answer.json(), chunk.first));
    } catch (error) {
      postMessage({ trouble: `Events ${chunk.first} to ${chunk.first + chunk.count - 1} could not be read: ${error.message}` });
    }
    if (index === order.chunks.length - 1 || performance.now() - toldAt > 300) {
      toldAt = performance.now();
      tell();
    }
  }
}

function take(events) {
  events.sort((one, other) => one.timestamp - other.timestamp);
  density.add(events);
  for (const fact of reader.read(events)) if (facts.length < factCountMax) facts.push(fact);
}

function tell() {
  facts.sort((one, other) => one.time - other.time);
  postMessage({ facts, active: reader.active, density: density.bins, isCut: facts.length === factCountMax });
}
