// The replayed page: rrweb's Replayer over a window of chunks that moves along with the playhead.

import { Type } from "./events.js";

// A window larger than this is made anew around the playhead when it has to grow.
const windowSizeMaxBytes = 64 << 20;
// How far ahead of the playhead events are wanted, in milliseconds of watching.
const aheadMilliseconds = 15_000;

export class Screen extends EventTarget {
  /**
   * @param {HTMLElement} root
   * @param {import("./recording.js").Recording} recording
   */
  constructor(root, recording) {
    super();
    this.root = root;
    this.recording = recording;
    this.speed = 1;
    this.isPlaying = false;
    this.isLoading = false;
    this.replayer = null;
    this.size = { width: 1280, height: 720 };
    this.#time = recording.start;
    new ResizeObserver(() => this.fit()).observe(root);
  }

  #time;
  /** Chunks that the replayer has, inclusive. */
  #span = { first: 0, last: -1 };
  /** Milliseconds since 1970 that the replayer's own times count from. */
  #base = 0;
  /** The newest wish; what an older one still waits for is dropped. */
  #wish = 0;
  #isGrowing = false;
  /** Whether it played all there is, and waits for what comes. */
  #isWaiting = false;

  /** Milliseconds since 1970. */
  get time() {
    if (this.isPlaying && this.replayer && !this.isLoading && !this.#isWaiting) {
      const time = this.#base + this.replayer.getCurrentTime();
      this.#time = Math.min(Math.max(time, this.recording.start), this.recording.end);
    }
    return this.#time;
  }

  async seek(time) {
    this.#time = Math.min(Math.max(time, this.recording.start), this.recording.end);
    this.#isWaiting = false;
    if (!this.recording.hasSnapshot) return this.#tell("moved");
    const wish = ++this.#wish;
    const span = this.recording.spanAt(this.#time);
    if (!this.replayer || span.first < this.#span.first || span.last > this.#span.last) {
      try {
        if (!(await this.#open(span, wish))) return;
      } catch (error) {
        if (error.type !== "stale-chunk-table") throw error;
        return this.#openAnew(wish);
      }
    }
    this.#show();
  }

  /** A compaction cut the recording into other chunks: what is here goes by the old ones. */
  async #openAnew(wish) {
    await this.recording.loadTable();
    if (wish !== this.#wish) return;
    this.#span = { first: 0, last: -1 };
    return this.seek(this.time);
  }

  play() {
    if (this.recording.end - this.time < 1 && !this.recording.isLive) this.#time = this.recording.start;
    this.isPlaying = true;
    this.seek(this.#time);
  }

  pause() {
    this.#time = this.time;
    this.isPlaying = false;
    this.#isWaiting = false;
    // What is still loading will be shown paused.
    if (!this.isLoading) this.replayer?.pause();
    this.#tell("moved");
  }

  setSpeed(speed) {
    this.speed = speed;
    this.replayer?.setConfig({ speed });
  }

  /** Called with each drawn frame while it plays: gets what will be wanted next. */
  async keepAhead() {
    const next = this.#span.last + 1;
    if (!this.replayer || this.isLoading || this.#isGrowing || next >= this.recording.chunks.length) return;
    const loadedUntil = Math.max(...this.recording.chunks.slice(this.#span.first, next).map((chunk) => chunk.to));
    if (loadedUntil - this.time > aheadMilliseconds * this.speed) return;
    this.#isGrowing = true;
    const wish = this.#wish;
    let events;
    try {
      events = await this.#events(next);
    } catch {
      return this.#openAnew(wish).catch((error) => this.#tellTrouble(error));
    } finally {
      this.#isGrowing = false;
    }
    if (wish !== this.#wish) return;
    const bytes = this.recording.chunks.slice(this.#span.first, next + 1).reduce((sum, chunk) => sum + chunk.raw_bytes, 0);
    if (bytes > windowSizeMaxBytes && this.recording.spanAt(this.time).first > this.#span.first) {
      const span = this.recording.spanAt(this.time);
      if (await this.#open({ first: span.first, last: next }, ++this.#wish)) this.#show();
      return;
    }
    for (const event of events) this.replayer.addEvent(event);
    this.#span.last = next;
  }

  /** The recording has got a chunk more. */
  async grow() {
    if (!this.replayer) return this.seek(this.#time);
    // What is near goes into the replayer that is there, so that the page does not flicker.
    await this.keepAhead();
    if (!this.#isWaiting) return this.isPlaying ? undefined : this.#tell("moved");
    this.seek(Math.max(this.#time, this.recording.chunks[this.recording.chunks.length - 1].from));
  }

  /** Whether what is shown is as new as it can be. */
  get isAtEnd() {
    return this.#isWaiting || this.recording.end - this.time < 6_000;
  }

  /** Whether the replayer ran out of events that the recording has. */
  get isStarving() {
    return this.#span.last < this.recording.chunks.length - 1;
  }

  fit() {
    const wrapper = this.root.querySelector(".replayer-wrapper");
    if (!wrapper) return;
    const { width, height } = this.size;
    const scale = Math.min(this.root.clientWidth / width, this.root.clientHeight / height, 1.5);
    wrapper.style.transform = `translate(-50%, -50%) scale(${scale})`;
    wrapper.style.width = `${width}px`;
    wrapper.style.height = `${height}px`;
  }

  /** @returns {Promise<boolean>} whether this is still what is wanted */
  async #open(span, wish) {
    this.#setLoading(true);
    const lists = [];
    // The Meta of a full snapshot may be the last event of the chunk before.
    const before = span.first > 0 ? await this.#events(span.first - 1) : [];
    for (let index = span.first; index <= span.last; index += 1) lists.push(await this.#events(index));
    if (wish !== this.#wish) return false;
    this.#setLoading(false);
    const events = playable(before, lists.flat(), this.recording);
    this.replayer?.destroy();
    this.root.replaceChildren();
    this.#span = span;
    this.#base = events[0].timestamp;
    this.replayer = new globalThis.lmnrRrweb.Replayer(events, {
      root: this.root,
      speed: this.speed,
      // With it a seek leaves stale scroll positions and styles.
      useVirtualDom: false,
      mouseTail: { duration: 600, lineWidth: 2, strokeStyle: "#4f46e5" },
      showWarning: false,
      showDebug: false,
      // It lets the frame have scripts, which the Content-Security-Policy then refuses: only where nothing else would do.
      UNSAFE_replayCanvas: this.recording.hasCanvas,
    });
    this.replayer.iframe.title = "The recorded page";
    this.replayer.iframe.tabIndex = -1;
    this.replayer.on("resize", (size) => {
      this.size = size;
      this.fit();
    });
    this.replayer.on("finish", () => this.#finish());
    this.fit();
    return true;
  }

  #show() {
    const offset = Math.max(0, this.#time - this.#base);
    if (this.isPlaying) this.replayer.play(offset);
    else this.replayer.pause(offset);
    this.#tell("moved");
  }

  #finish() {
    // Beyond the window's last event there may be more: go on there.
    if (this.isPlaying && this.isStarving) {
      const next = this.recording.chunks[this.#span.last + 1];
      this.seek(Math.max(this.#time, next.from));
      return;
    }
    this.#time = this.recording.end;
    if (this.recording.isLive && this.isPlaying) this.#isWaiting = true;
    else this.isPlaying = false;
    this.#tell("moved");
  }

  /** @throws {APIError} where a compaction made other chunks; what cannot be read otherwise is told, and left out */
  async #events(index) {
    try {
      return await this.recording.eventsOf(index);
    } catch (error) {
      if (error.type === "stale-chunk-table") throw error;
      this.#tellTrouble(error);
      return [];
    }
  }

  #setLoading(isLoading) {
    this.isLoading = isLoading;
    this.#tell("loading");
  }

  #tellTrouble(error) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: error }));
  }

  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

/**
 * What the Replayer can take: in order of time, a Meta before the first full snapshot, and two events at least.
 * Without these it throws, or shows an empty frame.
 */
function playable(before, events, recording) {
  const sorted = events.slice().sort((one, other) => one.timestamp - other.timestamp || one.ordinal - other.ordinal);
  const index = sorted.findIndex((event) => event.type === Type.snapshot);
  if (index >= 0 && !sorted.slice(0, index).some((event) => event.type === Type.meta)) {
    const known = before.findLast((event) => event.type === Type.meta);
    const { width, height } = recording.about.viewport ?? { width: 1280, height: 720 };
    const data = known?.data ?? { href: recording.about.first_url || "about:blank", width, height };
    sorted.splice(index, 0, { type: Type.meta, data, timestamp: sorted[index].timestamp });
  }
  // What comes before has nothing to change yet.
  const start = sorted.findIndex((event) => event.type === Type.meta);
  const list = sorted.slice(Math.max(0, start));
  const last = list[list.length - 1];
  return list.length > 1 ? list : [...list, { type: Type.custom, data: { tag: "end" }, timestamp: last.timestamp + 1 }];
}
