// The list as it changes.

import { followStream } from "./stream.js";

/**
 * @param {string} search what the list asks for, as in its address
 * @param {{
 *   anew: () => void,
 *   changed: (recordings: any[], absent: number[]) => void,
 * }} take `anew`: from now on changes are told, and what is shown may be older; `absent` are not in the list now
 * @param {AbortSignal} signal
 */
export function followList(search, take, signal) {
  return followStream(() => `/v1/live${search}`, {
    messages(messages) {
      const recordings = [];
      const absent = [];
      let isAnew = false;
      for (const { event, data } of messages) {
        if (event === "recording") recordings.push(JSON.parse(data));
        if (event === "absent") absent.push(JSON.parse(data).number);
        isAnew ||= event === "begin" || event === "reload";
      }
      if (recordings.length + absent.length > 0) take.changed(recordings, absent);
      if (isAnew) take.anew();
    },
  }, signal);
}
