// The recorder: rrweb's events, and what it has none for, into the outbox. What pages see of it is window.reeld.

class Recorder {
  constructor(said) {
    this.options = readOptions(said);
    this.about = { project: this.options.project, user: this.options.user };
    this.session = new Session(this.options);
    this.outbox = new Outbox(this.session, () => this.#metadata(), (dropped) => this.event("reeld.dropped", { events: dropped }));
    this.outbox.onNewRecording = () => this.#snapshot();
    this.undo = [];
    this.isRecording = false;
    this.isPaused = false;
    this.mayRecord = this.options.consent !== "required";
    // By chance once for a tab, or half of a visit would be missing.
    this.isChosen = this.session.kept !== null || Math.random() < this.options.sample;
  }

  start() {
    if (this.isRecording || !this.mayRecord || !this.isChosen || !isAllowed(this.options)) return;
    this.isRecording = true;
    const stop = rrweb.lmnrRrweb.record({
      emit: (event) => this.#take(event), recordCanvas: this.options.canvas, slimDOMOptions: "all",
      ...maskingOptions(this.options),
    });
    if (stop) this.undo.push(stop);
    const levels = this.options.console.split(",").map((level) => level.trim()).filter(Boolean);
    if (levels.length > 0) this.undo.push(watchConsole(levels, (payload) => this.#plugin("rrweb/console@1", payload)));
    if (this.options.network) {
      const tell = (request) => this.#plugin("rrweb/network@1", { requests: [request] });
      this.undo.push(watchNetwork(tell, (url) => maskedURL(url, this.options), this.options.endpoint));
    }
    this.undo.push(watchPages((url) => this.event("url", { href: maskedURL(url, this.options) })));
    // rrweb's own timer for it throws in pages with adopted style sheets.
    const timer = setInterval(() => this.#snapshot(), this.options.snapshotMinutes * 60_000);
    this.undo.push(() => clearInterval(timer));
    this.#listen("pagehide", () => this.outbox.leave());
    this.#listen("pageshow", (event) => event.persisted && this.#snapshot());
  }

  stop() {
    if (!this.isRecording) return;
    this.isRecording = false;
    for (const undo of this.undo.splice(0)) undo();
    this.outbox.flush();
  }

  pause() {
    this.isPaused = true;
  }

  resume() {
    if (!this.isPaused) return;
    this.isPaused = false;
    // Changes of the meantime are in no event.
    this.#snapshot();
  }

  consent(isGiven) {
    this.mayRecord = isGiven === true;
    if (this.mayRecord) this.start();
    else this.stop();
  }

  event(name, data) {
    this.#take({ type: 5, timestamp: Date.now(), data: { tag: String(name), payload: data } });
  }

  identify(user) {
    this.about.user = String(user);
    this.event("reeld.identify", { user: this.about.user });
  }

  /** @returns {string | null} where this moment can be watched; null before the first batch is there */
  link() {
    const { kept } = this.session;
    if (!kept) return null;
    return new URL(`${this.options.endpoint}/recordings/${kept.number}`, location.href).href;
  }

  #take(event) {
    if (!this.isRecording || this.isPaused) return;
    if (event.type === 4) event.data.href = maskedURL(event.data.href, this.options);
    this.outbox.add(event);
    // With a full snapshot there is something to watch.
    if (event.type === 2) this.outbox.flush();
  }

  #plugin(plugin, payload) {
    this.#take({ type: 6, timestamp: Date.now(), data: { plugin, payload } });
  }

  #snapshot() {
    if (this.isRecording && !this.isPaused) rrweb.lmnrRrweb.record.takeFullSnapshot(true);
  }

  #metadata() {
    const { user, project } = this.about;
    return {
      user, project, url: maskedURL(location.href, this.options), browser: navigator.userAgent.slice(0, 1024),
      viewport: { width: innerWidth, height: innerHeight },
    };
  }

  #listen(name, action) {
    addEventListener(name, action);
    this.undo.push(() => removeEventListener(name, action));
  }
}
