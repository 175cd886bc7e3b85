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
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.open.length > 0) this.batches.push({ number: 0, writer: "", events: this.open, bytes: this.openBytes });
    this.open = [];
    this.openBytes = 0;
    this.#makeRoom();
    this.#send();
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
        this.batches.shift();
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

  /** @returns {boolean} whether to go on at once: what the daemon will never take is not sent for ever */
  #giveUp(error, batch) {
    if (!(error instanceof Refusal) || error.status === 429 || error.status >= 500 || error.status === 401) return false;
    if (error.type === "recording-full" && error.problem.successor) {
      this.session.adopt(error.problem.successor);
    } else if (error.type.startsWith("batch-")) {
      this.batches.shift();
      this.dropped += batch.events.length;
      return true;
    } else if (error.status === 404 || error.status === 409 || error.status === 410) {
      // Ended, erased or expired: what comes belongs into a new one.
      this.session.forget();
    } else {
      this.batches.shift();
      this.dropped += batch.events.length;
      return true;
    }
    for (const each of this.batches) each.number = 0;
    this.onNewRecording?.();
    return true;
  }

  #tellWhatWasDropped() {
    if (this.dropped === 0) return;
    const dropped = this.dropped;
    this.dropped = 0;
    this.tellDropped(dropped);
  }

  /** The page goes: what fits into beacons is sent by them, under the numbers it would have had. */
  leave() {
    if (this.open.length > 0) this.batches.push({ number: 0, writer: "", events: this.open, bytes: this.openBytes });
    this.open = [];
    this.openBytes = 0;
    if (!this.session.kept) return;
    for (const batch of this.batches.flatMap(cut)) {
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
