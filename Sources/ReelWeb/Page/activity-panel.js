// What the person did and met, in words.

import { element } from "./dom.js";
import { VirtualList } from "./virtual-list.js";
import { clock } from "./words.js";

const shown = new Set(["page", "click", "input", "error", "failed", "rage", "custom", "media", "resize"]);
const signs = { page: "→", click: "●", input: "✎", error: "!", failed: "!", rage: "!!", custom: "◆", media: "▶", resize: "↔" };

export class ActivityPanel {
  constructor({ recording, seek }) {
    this.list = new VirtualList((fact) => [
      element("span", { class: "when mono" }, clock(fact.time - recording.start)),
      element("span", { class: "sign", "aria-hidden": "true" }, signs[fact.kind]),
      element("span", { class: "text", title: fact.text }, textOf(fact)),
    ], (fact) => seek(fact.time), "What happened; choose one to go there");
    this.root = this.list.root;
  }

  setFacts(facts) {
    this.list.set(facts.filter((fact) => shown.has(fact.kind)));
    return this.list.items.length;
  }

  show(time) {
    this.list.follow(time);
  }
}

function textOf(fact) {
  if (fact.kind === "error") return `error: ${fact.text}`;
  if (fact.kind === "failed") return `failed: ${fact.text} (${fact.detail.status || "no answer"})`;
  if (fact.kind === "custom" && fact.detail !== undefined) return `${fact.text}: ${JSON.stringify(fact.detail)?.slice(0, 200)}`;
  return fact.text;
}
