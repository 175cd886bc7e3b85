// What rrweb's console and network plugins say, as facts.

const textSizeMax = 2_000;

/** `{level, trace, payload}`: each part of the payload is JSON in a string. */
export function consoleFact(payload) {
  const level = String(payload?.level ?? "log");
  const text = (Array.isArray(payload?.payload) ? payload.payload : []).map(plain).join(" ").slice(0, textSizeMax);
  const trace = Array.isArray(payload?.trace) ? payload.trace.map(String) : [];
  const isError = level === "error" || level === "assert";
  return [{ kind: isError ? "error" : "console", text, detail: { level, trace } }];
}

function plain(part) {
  if (typeof part !== "string") return JSON.stringify(part);
  try {
    const value = JSON.parse(part);
    return typeof value === "string" ? value : part;
  } catch {
    return part;
  }
}

/** `{requests: [{name, method, status, duration, …}]}` */
export function requestFacts(payload, time) {
  const requests = Array.isArray(payload?.requests) ? payload.requests : [];
  return requests.map((request) => {
    const status = request.status ?? request.responseStatus;
    const isFailed = status >= 400 || request.error !== undefined || (status === 0 && isCalled(request));
    const method = request.method ?? (request.initiatorType === "navigation" ? "GET" : request.initiatorType ?? "GET");
    return {
      kind: isFailed ? "failed" : "request",
      text: `${method} ${request.name}`,
      time: Number.isFinite(request.timestamp) ? request.timestamp : time,
      detail: { ...request, method, status },
    };
  });
}

function isCalled(request) {
  return request.initiatorType === "fetch" || request.initiatorType === "xmlhttprequest";
}
