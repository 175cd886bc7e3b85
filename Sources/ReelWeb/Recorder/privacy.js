// What never enters a recording.

/** Whether this visitor may be recorded at all. */
function isAllowed(options) {
  const refuses = navigator.doNotTrack === "1" || navigator.globalPrivacyControl === true;
  if (refuses && !options.ignoreDoNotTrack) return false;
  const patterns = options.exclude.split(",").map((pattern) => pattern.trim()).filter(Boolean);
  return !patterns.some((pattern) => matches(pattern, location.pathname));
}

/** `/account/*` matches what begins so; without a star the path itself. */
function matches(pattern, path) {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

/** An URL whose query values are masked, but those that are allowed; a fragment goes. */
function maskedURL(text, options) {
  let url;
  try {
    url = new URL(text, location.href);
  } catch {
    return "";
  }
  const allowed = options.queryValues.split(",").map((name) => name.trim());
  if (!allowed.includes("*")) {
    for (const name of new Set(url.searchParams.keys())) if (!allowed.includes(name)) url.searchParams.set(name, "***");
    if (url.hash.includes("=")) url.hash = "";
  }
  url.username = "";
  url.password = "";
  return url.href;
}

/** rrweb's options for a level of privacy. */
function maskingOptions(options) {
  const level = levels[options.privacy];
  const stars = (text) => (options.maskText ? String(options.maskText(text)) : text.replace(/\S/g, "*"));
  // A field that was a password once stays one: "show password" only changes its type.
  const secret = new WeakSet();
  return {
    // By tag, so that no type of field is forgotten; hidden ones are not among rrweb's own list.
    maskAllInputs: false,
    maskInputOptions: { input: true, textarea: true, select: true },
    maskInputFn: (text, field) => {
      const type = String(field?.type ?? "").toLowerCase();
      if (field && (type === "password" || type === "hidden")) secret.add(field);
      const isSecret = !field || secret.has(field) || field.autocomplete?.includes("password") || field.autocomplete?.startsWith("cc-");
      if (isSecret || level.maskAllInputs || field.closest?.(selector("mask", options.mask))) return "*".repeat(text.length);
      return text;
    },
    maskTextSelector: level.maskAllText ? "*" : selector("mask", options.mask),
    maskTextFn: stars,
    blockSelector: selector("block", options.block),
    ignoreSelector: selector("ignore", options.ignore),
  };
}
