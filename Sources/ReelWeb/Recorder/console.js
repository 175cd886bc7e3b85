// The page's console and its uncaught errors, as events of rrweb's console plugin.

const lineSizeMax = 2_000;
const lineCountMaxPerMinute = 300;

/**
 * @param {string[]} levels
 * @param {(payload: {level: string, trace: string[], payload: string[]}) => void} tell
 * @returns {() => void} puts the console back
 */
function watchConsole(levels, tell) {
  let left = lineCountMaxPerMinute;
  let isTelling = false;
  const refill = setInterval(() => (left = lineCountMaxPerMinute), 60_000);
  const say = (level, parts, stack) => {
    // What telling itself prints is not told.
    if (left <= 0 || isTelling) return;
    left -= 1;
    isTelling = true;
    try {
      const trace = String(stack ?? "").split("\n").slice(1).map((line) => line.trim()).filter(Boolean).slice(0, 20);
      tell({ level, trace, payload: parts.map((part) => JSON.stringify(words(part))) });
    } finally {
      isTelling = false;
    }
  };
  const originals = levels.filter((level) => typeof console[level] === "function").map((level) => {
    const original = console[level];
    console[level] = (...parts) => {
      say(level, parts, level === "error" ? new Error().stack : "");
      return original.apply(console, parts);
    };
    return () => (console[level] = original);
  });
  const onError = (event) => say("error", [event.message || "error"], event.error?.stack);
  const onRejection = (event) => say("error", ["Unhandled rejection:", event.reason], event.reason?.stack);
  addEventListener("error", onError);
  addEventListener("unhandledrejection", onRejection);
  return () => {
    clearInterval(refill);
    for (const undo of originals) undo();
    removeEventListener("error", onError);
    removeEventListener("unhandledrejection", onRejection);
  };
}

function words(part) {
  if (typeof part === "string") return part.slice(0, lineSizeMax);
  if (part instanceof Error) return `${part.name}: ${part.message}`.slice(0, lineSizeMax);
  try {
    return (JSON.stringify(part) ?? String(part)).slice(0, lineSizeMax);
  } catch {
    return String(part).slice(0, lineSizeMax);
  }
}
