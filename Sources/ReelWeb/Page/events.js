// rrweb's events: their numbers by name, and what of them is made even before anything reads them.

export const Type = { load: 1, snapshot: 2, incremental: 3, meta: 4, custom: 5, plugin: 6 };
export const Source = {
  mutation: 0, mouseMove: 1, mouse: 2, scroll: 3, resize: 4, input: 5, touchMove: 6, media: 7, drag: 12,
};
export const Mouse = { click: 2, contextMenu: 3, doubleClick: 4, touchStart: 7 };

const activeSources = new Set([1, 2, 3, 4, 5, 6, 7, 12]);

/** Whether an event is a sign of somebody being there, as rrweb's own player judges it. */
export function isActivity(event) {
  return event.type === Type.meta || (event.type === Type.incremental && activeSources.has(event.data?.source));
}

/**
 * Numbers the events (`ordinal`) and makes their times milliseconds. What is no event is left out.
 * @param {any[]} events
 * @param {number} firstOrdinal
 */
export function prepare(events, firstOrdinal) {
  const prepared = [];
  events.forEach((event, index) => {
    if (typeof event?.type !== "number" || !Number.isFinite(event.timestamp)) return;
    // A value so small is in seconds.
    if (event.timestamp > 0 && event.timestamp <= 9_999_999_999) event.timestamp *= 1000;
    event.ordinal = firstOrdinal + index;
    prepared.push(event);
  });
  return prepared;
}

const typeNames = ["DomContentLoaded", "Load", "FullSnapshot", "Incremental", "Meta", "Custom", "Plugin", "Asset"];
const sourceNames = [
  "Mutation", "MouseMove", "MouseInteraction", "Scroll", "ViewportResize", "Input", "TouchMove", "MediaInteraction",
  "StyleSheetRule", "CanvasMutation", "Font", "Log", "Drag", "StyleDeclaration", "Selection", "AdoptedStyleSheet",
  "CustomElement",
];

/** "Incremental · Scroll" */
export function nameOf(event) {
  if (event.type === Type.incremental) return sourceNames[event.data?.source] ?? `Source ${event.data?.source}`;
  const name = typeNames[event.type] ?? `Type ${event.type}`;
  if (event.type === Type.custom) return `${name} · ${event.data?.tag}`;
  if (event.type === Type.plugin) return `${name} · ${event.data?.plugin}`;
  return name;
}
