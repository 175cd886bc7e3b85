// The panels beside the screen: one is shown, and the address says which.

import { ActivityPanel } from "./activity-panel.js";
import { ConsolePanel } from "./console-panel.js";
import { byId, element } from "./dom.js";
import { MetadataPanel } from "./metadata-panel.js";
import { NetworkPanel } from "./network-panel.js";
import { RawPanel } from "./raw-panel.js";

const kinds = [
  ["activity", "Activity", ActivityPanel], ["console", "Console", ConsolePanel], ["network", "Network", NetworkPanel],
  ["about", "About", MetadataPanel], ["raw", "Events", RawPanel],
];

export class Panels {
  /** @param {{recording: any, screen: any, seek: (time: number) => void}} player */
  constructor(player) {
    this.time = player.recording.start;
    this.panels = new Map();
    this.tabs = new Map();
    for (const [name, title, Panel] of kinds) {
      this.panels.set(name, new Panel(player));
      const tab = element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", onclick: () => this.choose(name) },
        title, element("span", { class: "tally" }));
      this.tabs.set(name, tab);
    }
    byId("tabs").append(...this.tabs.values());
    byId("tabs").addEventListener("keydown", (event) => this.#step(event));
    const wanted = new URLSearchParams(location.search).get("panel");
    this.choose(this.panels.has(wanted) ? wanted : "activity", false);
  }

  choose(name, isAsked = true) {
    this.chosen = name;
    for (const [other, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
    }
    byId("panel").setAttribute("aria-labelledby", `tab-${name}`);
    byId("panel").replaceChildren(this.panels.get(name).root);
    this.panels.get(name).show?.(this.time);
    if (!isAsked) return;
    const query = new URLSearchParams(location.search);
    query.set("panel", name);
    history.replaceState(null, "", `?${query}`);
  }

  setFacts(facts) {
    for (const [name, panel] of this.panels) {
      const number = panel.setFacts?.(facts);
      this.tabs.get(name).lastChild.textContent = number ? number.toLocaleString() : "";
    }
  }

  show(time) {
    this.time = time;
    this.panels.get(this.chosen).show?.(time);
  }

  #step(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const names = [...this.tabs.keys()];
    const name = names[(names.indexOf(this.chosen) + step + names.length) % names.length];
    this.choose(name);
    this.tabs.get(name).focus();
  }
}
