// Which recording this tab writes: the same over reloads, a new one after the idle timeout.

const sessionKey = "reeld.session";

class Session {
  constructor(options) {
    this.options = options;
    /** @type {{number: number, id: string, token: string, writer: string, batch: number, active: number} | null} */
    this.kept = null;
    try {
      this.kept = JSON.parse(sessionStorage.getItem(sessionKey) ?? "null");
    } catch {
      // What cannot be read is as good as nothing.
    }
    if (this.kept && Date.now() - this.kept.active > options.idleMinutes * 60_000) this.kept = null;
    // A tab that was duplicated has a copy; a writer of its own keeps the batch numbers apart.
    if (this.kept) Object.assign(this.kept, { writer: crypto.randomUUID(), batch: 0 });
  }

  get url() {
    return `${this.options.endpoint}/v1/recordings`;
  }

  /** @returns {Promise<boolean>} whether there is a recording to write to now */
  async begin(metadata) {
    if (this.kept) return true;
    const headers = { "Content-Type": "application/json" };
    if (this.options.token) headers.Authorization = `Bearer ${this.options.token}`;
    const answer = await fetch(this.url, { method: "POST", headers, body: JSON.stringify(metadata) });
    if (!answer.ok) throw new Refusal(answer.status, await problemOf(answer));
    this.adopt(await answer.json());
    return true;
  }

  /** Writes to a recording from now on. */
  adopt({ number, id, token }) {
    this.kept = { number, id, token, writer: crypto.randomUUID(), batch: 0, active: Date.now() };
    this.keep();
  }

  nextBatch() {
    this.kept.batch += 1;
    this.kept.active = Date.now();
    this.keep();
    return this.kept.batch;
  }

  keep() {
    try {
      sessionStorage.setItem(sessionKey, JSON.stringify(this.kept));
    } catch {
      // Without storage a reload begins a new recording.
    }
  }

  forget() {
    this.kept = null;
    try {
      sessionStorage.removeItem(sessionKey);
    } catch {
      // There is nothing to forget then.
    }
  }
}

/** What the daemon said no to. */
class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `The daemon answered ${status}.`);
    this.status = status;
    this.type = String(problem.type ?? "").replace("urn:reeld:problem:", "");
    this.problem = problem;
  }
}

async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}
