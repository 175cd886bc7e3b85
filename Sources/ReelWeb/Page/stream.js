// Server-sent events, read by hand as EventSource cannot send a token.

import { ask } from "./api.js";

const againMilliseconds = { first: 1_000, most: 30_000 };

/**
 * Follows a stream until it is refused, its taker has enough, or the signal says so. A lost connection is taken up
 * again, later each time. A page that nobody sees lets go of it, and takes it up when it is looked at: a browser has six
 * connections for all of an origin's tabs.
 * @param {() => string} path asked anew for each connection
 * @param {{
 *   messages: (messages: {id: string, event: string, data: string}[]) => boolean | void,
 *   connected?: (isConnected: boolean) => void,
 *   refused?: (error: Error) => void,
 * }} take `messages` returns true where it has enough
 * @param {AbortSignal} [signal]
 */
export async function followStream(path, take, signal) {
  let wait = againMilliseconds.first;
  while (!signal?.aborted) {
    await untilSeen();
    const connection = new AbortController();
    const letGo = () => document.hidden && connection.abort();
    const leave = () => connection.abort();
    document.addEventListener("visibilitychange", letGo);
    signal?.addEventListener("abort", leave);
    try {
      const answer = await ask(path(), { signal: connection.signal });
      take.connected?.(true);
      for await (const messages of batches(answer.body)) {
        wait = againMilliseconds.first;
        if (!signal?.aborted && take.messages(messages)) return;
      }
    } catch (error) {
      if (error.status >= 400 && error.status < 500) return take.refused?.(error);
    } finally {
      document.removeEventListener("visibilitychange", letGo);
      signal?.removeEventListener("abort", leave);
      connection.abort();
    }
    if (document.hidden || signal?.aborted) continue;
    take.connected?.(false);
    // Part of it by chance, so that all the tabs there are do not come back in one moment.
    await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
    wait = Math.min(wait * 2, againMilliseconds.most);
  }
}

async function untilSeen() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
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
    yield blocks.map(parse).filter((message) => message !== null);
  }
}

/** Null where a block is no message but a comment. */
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
  return isMessage ? message : null;
}
