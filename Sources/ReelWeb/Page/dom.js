// Building elements. Text only ever goes in as text, so nothing of a recording becomes markup.

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `on…` listeners, `data-…`/`aria-…` attributes, else properties
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class" || name.includes("-") || name === "role") node.setAttribute(name, String(value));
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** @returns {any} the element of an id, which is in the page's html */
export function byId(id) {
  return document.getElementById(id);
}
