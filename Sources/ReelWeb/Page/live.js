// A recording as it goes on: server-sent events, read by hand as EventSource cannot send a token.

import { ask } from "./api.js";
import { prepare } from "./events.js";

const againMilliseconds = 1_000;

/**
 * Follows a recording until it ends. A lost connection is taken up again behind the last event that came.
 * @param {string} path of the recording
 * @param {number} first ordinal
 * @param {{events: (events: any[]) => void, ended: () => void, connected: (isConnected: boolean) => void}} take
 */
export async function follow(path, first, take) {
  let next = first;
  for (;;) {
    try {
      const answer = await ask(`${path}/live?first=${next}`);
      take.connected(true);
      for await (const messages of batches(answer.body)) {
        const events = [];
        for (const { id, event, data } of messages) {
          if (id !== "") next = Number(id) + 1;
          if (event === "message") events.push(...prepare([JSON.parse(data)], next - 1));
          if (event === "end") {
            if (events.length > 0) take.events(events);
            return take.ended();
          }
        }
        if (events.length > 0) take.events(events);
      }
    } catch (error) {
      // Refused, and not merely out of reach: it is erased, or was never there.
      if (error.status >= 400 && error.status < 500) return take.ended();
    }
    take.connected(false);
    await new Promise((resolve) => setTimeout(resolve, againMilliseconds));
  }
}

/** The whole messages of each piece that arrives. */
async function* batches(stream) {
  let rest = "";
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    yield blocks.map(parse);
  }
}

function parse(block) {
  const message = { id: "", event: "message", data: "" };
  let isMessage = false;
  for (const line of block.split("\n")) {
    const colon = line.indexOf(": ");
    const name = line.slice(0, colon);
    if (colon > 0 && name in message) {
      message[name] = line.slice(colon + 2);
      isMessage ||= name === "data";
    }
  }
  return isMessage ? message : { ...message, event: "comment" };
}
