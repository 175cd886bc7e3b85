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
  const headers = order.token ? { Authorization: `Bearer ${order.token}` } : {};
  let { generation, chunks } = order;
  let next = 0;
  let toldAt = 0;
  for (let index = 0; index < chunks.length; index += 1) {
    const chunk = chunks[index];
    if (chunk.first + chunk.count <= next) continue;
    try {
      const answer = await fetch(`${order.path}/chunks/${chunk.first}?generation=${generation}`, { headers });
      if (answer.status === 409) {
        // A compaction cut it into other chunks meanwhile: on with those, behind what was read.
        ({ generation, chunks } = await (await fetch(`${order.path}/chunks`, { headers })).json());
        index = -1;
        continue;
      }
      if (!answer.ok) throw new Error((await answer.json()).detail);
      take(prepare(await answer.json(), chunk.first).filter((event) => event.ordinal >= next));
    } catch (error) {
      postMessage({ trouble: `Events ${chunk.first} to ${chunk.first + chunk.count - 1} could not be read: ${error.message}` });
    }
    next = chunk.first + chunk.count;
    if (performance.now() - toldAt > 300) {
      toldAt = performance.now();
      tell();
    }
  }
  tell();
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
