// What a person would call the nodes of a recorded page: "button “Pay now”". A small mirror of its elements.

const kindOfTag = { a: "link", button: "button", select: "list", textarea: "field", summary: "button", img: "image", video: "video", label: "label" };
const textSizeMax = 40;

export class NodeNames {
  /** @type {Map<number, {tag: string, attributes: any, text: string, parent: number, children: number[]}>} */
  #nodes = new Map();

  reset(root) {
    this.#nodes.clear();
    this.add(root, 0);
  }

  /** Takes in a node of rrweb's with all below it. */
  add(root, parent) {
    const waiting = [{ node: root, parent }];
    while (waiting.length > 0) {
      const { node, parent } = waiting.pop();
      if (!node || typeof node.id !== "number") continue;
      this.#nodes.set(node.id, {
        tag: String(node.tagName ?? ""),
        attributes: node.attributes ?? {},
        text: typeof node.textContent === "string" && !node.isStyle ? node.textContent.trim().slice(0, textSizeMax) : "",
        parent,
        children: [],
      });
      this.#nodes.get(parent)?.children.push(node.id);
      for (const child of node.childNodes ?? []) waiting.push({ node: child, parent: node.id });
    }
  }

  /** Follows a mutation event. */
  change(data) {
    for (const { id } of data.removes ?? []) this.#nodes.delete(id);
    for (const { node, parentId } of data.adds ?? []) this.add(node, parentId);
    for (const { id, value } of data.texts ?? []) {
      const node = this.#nodes.get(id);
      if (node && typeof value === "string") node.text = value.trim().slice(0, textSizeMax);
    }
  }

  /** The nearest thing around a node that one clicks on, in words. */
  name(id) {
    let node = this.#nodes.get(id);
    if (!node) return "the page";
    for (let around = node, steps = 0; around && steps < 5; around = this.#nodes.get(around.parent), steps += 1) {
      if (kindOfTag[around.tag] || around.tag === "input" || around.attributes.role === "button") {
        node = around;
        break;
      }
    }
    return describe(node, this.#textOf(node));
  }

  /** Whether a node is a field whose value is typed rather than ticked. */
  isTicked(id) {
    return ["checkbox", "radio"].includes(this.#nodes.get(id)?.attributes.type);
  }

  #textOf(node) {
    let text = "";
    const waiting = [node];
    while (waiting.length > 0 && text.length < textSizeMax) {
      const next = waiting.pop();
      if (next.text) text += `${text ? " " : ""}${next.text}`;
      // The last added child was the first of the page.
      for (const child of next.children) {
        const known = this.#nodes.get(child);
        if (known) waiting.push(known);
      }
    }
    return text.slice(0, textSizeMax);
  }
}

function describe({ tag, attributes }, text) {
  const label = attributes["aria-label"] || (tag === "input" ? "" : text) || attributes.placeholder || attributes.title || attributes.alt;
  const kind = attributes.role === "button" ? "button" : kindOfTag[tag];
  if (tag === "input" || tag === "textarea" || tag === "select") {
    const type = attributes.type && attributes.type !== "text" ? `${attributes.type} ` : "";
    return label ? `${type}field “${label}”` : `${type}field ${selector(tag, attributes)}`;
  }
  if (kind) return label ? `${kind} “${label}”` : `${kind} ${selector(tag, attributes)}`;
  return text && text.length < textSizeMax ? `“${text}”` : selector(tag, attributes);
}

function selector(tag, attributes) {
  if (attributes.id) return `${tag}#${attributes.id}`;
  if (attributes.name) return `${tag}[${attributes.name}]`;
  const first = String(attributes.class ?? "").trim().split(/\s+/)[0];
  return first ? `${tag}.${first}` : tag || "the page";
}
