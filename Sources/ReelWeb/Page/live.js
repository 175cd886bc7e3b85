// A recording as it goes on.

import { prepare } from "./events.js";
import { followStream } from "./stream.js";

/**
 * Follows a recording until it ends.
 * @param {string} path of the recording
 * @param {number} first ordinal
 * @param {{events: (events: any[]) => void, ended: (reason: string) => void, connected: (isConnected: boolean) => void}} take
 */
export function follow(path, first, take) {
  let next = first;
  return followStream(() => `${path}/live?first=${next}`, {
    connected: take.connected,
    messages(messages) {
      const events = [];
      let reason = "";
      for (const { id, event, data } of messages) {
        if (id !== "") next = Number(id) + 1;
        if (event === "message") events.push(...prepare([JSON.parse(data)], next - 1));
        if (event === "end") reason = JSON.parse(data).reason;
      }
      if (events.length > 0) take.events(events);
      if (reason) take.ended(reason);
      return reason !== "";
    },
    // It is erased, or was never there.
    refused: (error) => take.ended(error.type),
  });
}
