// What the site wants: the script tag's data- attributes, or what is given to reeld.init.

const levels = {
  // What may stand in a recording beside the shape of the page.
  strict: { maskAllText: true, maskAllInputs: true },
  balanced: { maskAllText: false, maskAllInputs: true },
  minimal: { maskAllText: false, maskAllInputs: false },
};

const defaults = {
  /** Where the daemon, or the site's own proxy to it, answers: `/v1/recordings` is appended. */
  endpoint: "",
  /** A token for starting recordings; none where the proxy adds it. */
  token: "",
  project: "",
  user: "",
  privacy: "balanced",
  /** Selectors of elements: their text masked, left out, not listened to. */
  mask: "",
  block: "",
  ignore: "",
  /** A function for masked text; asterisks without one. */
  maskText: null,
  /** Query parameters whose values are recorded; "*" for all. */
  queryValues: "",
  /** "required": nothing is recorded before reeld.consent(true). */
  consent: "",
  /** Record in spite of Do-Not-Track and Global Privacy Control. */
  ignoreDoNotTrack: false,
  /** Patterns of paths that are not recorded, as /account/* */
  exclude: "",
  /** The part of visitors that is recorded, 0 to 1. */
  sample: 1,
  idleMinutes: 30,
  snapshotMinutes: 4,
  console: "error,warn,log",
  network: true,
  canvas: false,
};

/** @returns {typeof defaults} what was said, each of the kind of its default */
function readOptions(said) {
  const options = { ...defaults };
  for (const [name, value] of Object.entries(said)) {
    if (!(name in defaults)) {
      console.warn(`reeld: there is no option '${name}'; there are ${Object.keys(defaults).join(", ")}`);
      continue;
    }
    const kind = typeof defaults[name];
    options[name] = kind === "number" ? Number(value) : kind === "boolean" ? value === true || value === "" || value === "true" : value;
  }
  if (!(options.privacy in levels)) {
    console.warn(`reeld: privacy '${options.privacy}' is none of ${Object.keys(levels).join(", ")}; balanced is taken`);
    options.privacy = "balanced";
  }
  return options;
}

/** Selectors in one, with the attribute that always holds. */
function selector(attribute, more) {
  return more ? `[data-reeld-${attribute}], ${more}` : `[data-reeld-${attribute}]`;
}
