// The requests of the recorded page.

import { element } from "./dom.js";
import { VirtualList } from "./virtual-list.js";
import { clock } from "./words.js";

export class NetworkPanel {
  constructor({ recording, seek }) {
    this.facts = [];
    this.longest = 1;
    this.which = element("select", { "aria-label": "Which requests", onchange: () => this.#filter() },
      element("option", { value: "" }, "all requests"), element("option", { value: "failed" }, "failed"));
    this.text = element("input", { type: "search", placeholder: "Filter by URL", "aria-label": "Filter requests by URL", oninput: () => this.#filter() });
    this.detail = element("pre", { class: "detail mono", hidden: true });
    this.list = new VirtualList((fact) => this.#cells(fact, recording), (fact) => {
      seek(fact.time);
      this.detail.hidden = false;
      this.detail.textContent = JSON.stringify(fact.detail, null, 2);
    }, "Requests");
    this.root = element("div", { class: "stack" }, element("div", { class: "filter" }, this.which, this.text), this.list.root, this.detail);
  }

  #cells(fact, recording) {
    const { method, status, duration, name } = fact.detail;
    const bar = element("i", {});
    bar.style.width = `${Math.max(3, 100 * Math.sqrt((duration ?? 0) / this.longest))}%`;
    return [
      element("span", { class: "when mono" }, clock(fact.time - recording.start)),
      element("span", { class: "method mono" }, String(method).slice(0, 7)),
      element("span", { class: `status mono ${fact.kind}` }, status ? String(status) : fact.kind === "failed" ? "✕" : "–"),
      element("span", { class: "text", title: name }, pathOf(String(name))),
      element("span", { class: "took mono" }, Number.isFinite(duration) ? `${Math.round(duration)} ms` : ""),
      element("span", { class: "fall" }, bar),
    ];
  }

  setFacts(facts) {
    this.facts = facts.filter((fact) => fact.kind === "request" || fact.kind === "failed");
    this.longest = this.facts.reduce((most, fact) => Math.max(most, fact.detail.duration ?? 0), 1);
    this.#filter();
    return this.facts.length;
  }

  #filter() {
    const text = this.text.value.toLowerCase();
    this.list.set(this.facts.filter((fact) => (this.which.value === "" || fact.kind === this.which.value)
      && fact.text.toLowerCase().includes(text)));
  }

  show(time) {
    this.list.follow(time);
  }
}

/** The part of an URL that differs from request to request; the whole is told by the pointer and the detail. */
function pathOf(url) {
  return /^[a-z]+:\/\/[^/]+(\/.+)$/.exec(url)?.[1] ?? url;
}
