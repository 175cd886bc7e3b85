// Spans in which nobody did anything: drawn on the timeline, and skipped while playing.

// What is shown before and after a skipped span, so that the jump is understood.
const marginMilliseconds = 1_500;

/**
 * @param {[number, number][]} active spans with somebody there, in order
 * @returns {[number, number][]} the spans between them that are worth skipping
 */
export function idleSpans(active) {
  const spans = [];
  for (let index = 1; index < active.length; index += 1) {
    const from = active[index - 1][1] + marginMilliseconds;
    const to = active[index][0] - marginMilliseconds;
    if (to - from > marginMilliseconds) spans.push(/** @type {[number, number]} */ ([from, to]));
  }
  return spans;
}

/** Where playing goes on from a moment in such a span; null outside of one. */
export function skipTarget(active, time) {
  const span = idleSpans(active).find(([from, to]) => time >= from && time < to - 200);
  return span ? span[1] : null;
}
