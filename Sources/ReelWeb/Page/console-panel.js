// The console of the recorded page.

import { element } from "./dom.js";
import { VirtualList } from "./virtual-list.js";
import { clock } from "./words.js";

export class ConsolePanel {
  constructor({ recording, seek }) {
    this.facts = [];
    this.levels = element("select", { "aria-label": "Level", onchange: () => this.#filter() },
      ...[["", "all levels"], ["error", "errors"], ["warn", "warnings"], ["info", "info"], ["log", "log"], ["debug", "debug"]]
        .map(([value, text]) => element("option", { value }, text)));
    this.text = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter the console", oninput: () => this.#filter() });
    this.detail = element("pre", { class: "detail mono", hidden: true });
    this.list = new VirtualList((fact) => [
      element("span", { class: "when mono" }, clock(fact.time - recording.start)),
      element("span", { class: `level ${fact.detail.level}` }, fact.detail.level),
      element("span", { class: "text mono" }, fact.text),
    ], (fact) => {
      seek(fact.time);
      this.detail.hidden = false;
      this.detail.textContent = [fact.text, ...fact.detail.trace].join("\n    ");
    }, "Console");
    this.root = element("div", { class: "stack" }, element("div", { class: "filter" }, this.levels, this.text), this.list.root, this.detail);
  }

  setFacts(facts) {
    this.facts = facts.filter((fact) => fact.kind === "console" || fact.kind === "error");
    this.#filter();
    return this.facts.length;
  }

  #filter() {
    const text = this.text.value.toLowerCase();
    this.list.set(this.facts.filter((fact) => (this.levels.value === "" || fact.detail.level === this.levels.value)
      && fact.text.toLowerCase().includes(text)));
  }

  show(time) {
    this.list.follow(time);
  }
}
