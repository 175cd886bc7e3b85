// How many events there are over the time of a recording.

const binCount = 300;

export class Density {
  /** Events by their second, so that a recording that grows can be binned anew. */
  #seconds = new Map();
  #start = Infinity;
  #end = -Infinity;

  add(events) {
    for (const { timestamp } of events) {
      const second = Math.floor(timestamp / 1000);
      this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + 1);
      this.#start = Math.min(this.#start, timestamp);
      this.#end = Math.max(this.#end, timestamp);
    }
  }

  /** @returns {number[]} the events in each of as many equal parts of the time */
  get bins() {
    const bins = new Array(binCount).fill(0);
    const perBin = Math.max(1, this.#end - this.#start) / binCount;
    for (const [second, number] of this.#seconds) {
      const bin = Math.floor((second * 1000 - this.#start) / perBin);
      bins[Math.min(Math.max(bin, 0), binCount - 1)] += number;
    }
    return bins;
  }
}
