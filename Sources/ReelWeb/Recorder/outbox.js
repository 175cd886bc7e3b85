// Events on their way to the daemon: in numbered batches, kept until they are acknowledged.

const batchMilliseconds = 5_000;
const batchSizeBytes = 64 << 10;
/** What is kept during an outage; beyond it the oldest go, and that is told. */
const bufferSizeMaxBytes = 8 << 20;
/** A beacon takes no more, its envelope included. */
const beaconSizeMaxBytes = 60 << 10;
const retryMilliseconds = { first: 1_000, most: 60_000 };

class Outbox {
  /** @param {() => object} metadata of a recording to begin; @param {(dropped: number) => void} tellDropped */
  constructor(session, metadata, tellDropped) {
    this.session = session;
    this.metadata = metadata;
    this.tellDropped = tellDropped;
    /** Events as JSON that are in no batch yet. */
    this.open = [];
    this.openBytes = 0;
    /** Batches that wait for their acknowledgement, oldest first. */
    this.batches = [];
    this.dropped = 0;
    this.wait = 0;
    this.isSending = false;
    this.timer = 0;
  }

  add(event) {
    const text = JSON.stringify(event);
    this.open.push(text);
    this.openBytes += new Blob([text]).size;
    if (this.openBytes >= batchSizeBytes) this.flush();
    else if (!this.timer) this.timer = setTimeout(() => this.flush(), batchMilliseconds);
  }

  flush() {
    this.#close();
    this.#makeRoom();
    this.#send();
  }

  /** What is open becomes a batch. */
  #close() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.open.length > 0) this.batches.push({ number: 0, writer: "", events: this.open, bytes: this.openBytes });
    this.open = [];
    this.openBytes = 0;
  }

  /** The oldest that are not on their way go first: what is newest is what is missed least when it is there. */
  #makeRoom() {
    let bytes = this.batches.reduce((sum, batch) => sum + batch.bytes, 0);
    while (bytes > bufferSizeMaxBytes && this.batches.length > 1) {
      const [old] = this.batches.splice(this.isSending ? 1 : 0, 1);
      bytes -= old.bytes;
      this.dropped += old.events.length;
    }
  }

  async #send() {
    if (this.isSending) return;
    this.isSending = true;
    while (this.batches.length > 0) {
      const batch = this.batches[0];
      try {
        await this.session.begin(this.metadata());
        await this.#post(batch);
        this.#remove(batch);
        this.wait = 0;
        this.#tellWhatWasDropped();
      } catch (error) {
        if (this.#giveUp(error, batch)) continue;
        // Half of it by chance, so that a thousand tabs do not come back in one moment.
        this.wait = Math.min(Math.max(this.wait * 2, retryMilliseconds.first), retryMilliseconds.most);
        await new Promise((resolve) => setTimeout(resolve, this.wait * (0.5 + Math.random() / 2)));
      }
    }
    this.isSending = false;
  }

  async #post(batch) {
    if (!batch.number) Object.assign(batch, { number: this.session.nextBatch(), writer: this.session.kept.writer });
    const { number, token } = this.session.kept;
    const headers = {
      "Content-Type": "application/json", Authorization: `Bearer ${token}`,
      "Reeld-Writer": batch.writer, "Reeld-Batch": String(batch.number),
    };
    // Bad ones are left out by the daemon and counted, and the others kept.
    const target = `${this.session.url}/${number}/events?invalid=drop`;
    const answer = await fetch(target, { method: "POST", headers, body: await packed(`[${batch.events.join(",")}]`) });
    if (!answer.ok) throw new Refusal(answer.status, await problemOf(answer));
    const { dropped } = await answer.json();
    this.dropped += dropped ?? 0;
  }

  #remove(batch) {
    this.batches = this.batches.filter((other) => other !== batch);
  }

  /** @returns {boolean} whether to go on at once: what the daemon will never take is not sent for ever */
  #giveUp(error, batch) {
    if (!(error instanceof Refusal) || error.status === 429 || error.status >= 500 || error.status === 401) return false;
    const isFull = error.type === "recording-full" && error.problem.successor;
    const isGone = [404, 409, 410].includes(error.status) && !error.type.startsWith("batch-");
    if (!isFull && !isGone) {
      this.#remove(batch);
      this.dropped += batch.events.length;
      return true;
    }
    // Full, ended, erased or expired: what comes belongs into another one.
    if (isFull) this.session.adopt(error.problem.successor);
    else this.session.forget();
    for (const each of this.batches) each.number = 0;
    this.onNewRecording?.();
    // Not at once where one has to be begun: whatever refuses the batches may refuse those of the next one, too.
    return isFull;
  }

  #tellWhatWasDropped() {
    if (this.dropped === 0) return;
    const dropped = this.dropped;
    this.dropped = 0;
    this.tellDropped(dropped);
  }

  /**
   * The page goes: what fits into beacons is sent by them. It stays here under its numbers, as the page may come back
   * out of the browser's cache, and then sends again what nobody acknowledged.
   */
  leave() {
    this.#close();
    if (!this.session.kept) return;
    this.batches = this.batches.flatMap(cut);
    for (const batch of this.batches) {
      if (!batch.number) Object.assign(batch, { number: this.session.nextBatch(), writer: this.session.kept.writer });
      const { number, token } = this.session.kept;
      const body = `{"writer":${JSON.stringify(batch.writer)},"batch":${batch.number},"events":[${batch.events.join(",")}]}`;
      navigator.sendBeacon(`${this.session.url}/${number}/events?invalid=drop&token=${encodeURIComponent(token)}`, body);
    }
  }
}

/** A batch in parts that fit into beacons. One that has its number stays as it is: a part of it would be another. */
function cut(batch) {
  if (batch.number || batch.bytes <= beaconSizeMaxBytes) return [batch];
  const parts = [];
  let part = { number: 0, writer: "", events: [], bytes: 0 };
  for (const event of batch.events) {
    const size = new Blob([event]).size + 1;
    if (part.bytes + size > beaconSizeMaxBytes && part.events.length > 0) {
      parts.push(part);
      part = { number: 0, writer: "", events: [], bytes: 0 };
    }
    part.events.push(event);
    part.bytes += size;
  }
  return [...parts, part];
}

async function packed(text) {
  if (typeof CompressionStream === "undefined") return text;
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).blob();
}
