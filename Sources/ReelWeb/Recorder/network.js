// The page's requests: method, URL, status, duration and size. Never a body, never a header.

/**
 * @param {(request: object) => void} tell
 * @param {(url: string) => string} mask
 * @param {string} own where the recorder itself sends to
 * @returns {() => void} puts fetch and XMLHttpRequest back
 */
function watchNetwork(tell, mask, own) {
  const isOwn = (url) => new URL(url, location.href).href.startsWith(new URL(`${own}/v1/recordings`, location.href).href);
  const note = (method, url, initiatorType, start, rest) => {
    if (isOwn(url)) return;
    tell({ name: mask(url), method: method.toUpperCase(), initiatorType, timestamp: start.time, duration: Math.round(performance.now() - start.clock), ...rest });
  };
  const undoFetch = watchFetch(note);
  const undoRequests = watchRequests(note);
  return () => {
    undoFetch();
    undoRequests();
  };
}

function now() {
  return { time: Date.now(), clock: performance.now() };
}

function watchFetch(note) {
  const original = window.fetch;
  window.fetch = async function (input, init) {
    const start = now();
    const url = input instanceof Request ? input.url : String(input);
    const method = init?.method ?? (input instanceof Request ? input.method : "GET");
    try {
      const answer = await original.call(this, input, init);
      note(method, url, "fetch", start, { status: answer.status, size: Number(answer.headers.get("Content-Length")) || undefined });
      return answer;
    } catch (error) {
      note(method, url, "fetch", start, { status: 0, error: error.name });
      throw error;
    }
  };
  return () => (window.fetch = original);
}

function watchRequests(note) {
  const { open, send } = XMLHttpRequest.prototype;
  const asked = new WeakMap();
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    asked.set(this, { method: String(method), url: String(url) });
    return open.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.send = function (body) {
    const request = asked.get(this);
    const start = now();
    if (request) {
      this.addEventListener("loadend", () => note(request.method, request.url, "xmlhttprequest", start,
        this.status === 0 ? { status: 0, error: "no answer" } : { status: this.status }), { once: true });
    }
    return send.call(this, body);
  };
  return () => Object.assign(XMLHttpRequest.prototype, { open, send });
}
