// From events to what a person wants to know of them. Runs in a worker, once over the whole recording.

import { isActivity, Mouse, Source, Type } from "./events.js";
import { NodeNames } from "./node-names.js";
import { consoleFact, requestFacts } from "./plugin-facts.js";

/**
 * @typedef {{time: number, ordinal: number, kind: string, text: string, detail?: any}} Fact
 * kind: page, click, input, scroll, resize, media, error, console, request, failed, rage, custom
 */

// A gap without a sign of the person; longer ones can be skipped.
const inactivityMilliseconds = 10_000;
// What counts as clicking in anger: three clicks, so near each other in time and place.
const rage = { clicks: 3, milliseconds: 1_000, pixels: 30 };

export class FactReader {
  #names = new NodeNames();
  #href = "";
  #clicks = [];
  /** @type {Fact | null} */
  #typing = null;
  #typingID = 0;
  /** Spans with somebody there, in order: [from, to] each. */
  active = /** @type {[number, number][]} */ ([]);

  /** @returns {Fact[]} what a chunk's events say */
  read(events) {
    const facts = [];
    for (const event of events) {
      if (isActivity(event)) this.#noteActivity(event.timestamp);
      // The same object, not a copy: what is typed goes on changing until another thing is done.
      for (const fact of this.#read(event) ?? []) facts.push(Object.assign(fact, { time: fact.time ?? event.timestamp, ordinal: event.ordinal }));
    }
    return facts;
  }

  #noteActivity(time) {
    const last = this.active[this.active.length - 1];
    if (last && time - last[1] <= inactivityMilliseconds) last[1] = Math.max(last[1], time);
    else this.active.push([time, time]);
  }

  #read(event) {
    const data = event.data ?? {};
    switch (event.type) {
      case Type.snapshot:
        this.#names.reset(data.node);
        return null;
      case Type.meta: return this.#page(data.href);
      case Type.custom: return [{ kind: "custom", text: `${data.tag}`, detail: data.payload }];
      case Type.plugin: return this.#plugin(data, event.timestamp);
      case Type.incremental: return this.#incremental(data, event.timestamp);
      default: return null;
    }
  }

  #page(href) {
    if (!href || href === this.#href) return null;
    this.#href = href;
    return [{ kind: "page", text: `opened ${href}` }];
  }

  #plugin(data, time) {
    if (String(data.plugin).includes("console")) return consoleFact(data.payload);
    if (String(data.plugin).includes("network")) return requestFacts(data.payload, time);
    return [{ kind: "custom", text: String(data.plugin), detail: data.payload }];
  }

  #incremental(data, time) {
    switch (data.source) {
      case Source.mutation:
        this.#names.change(data);
        return null;
      case Source.mouse: return this.#mouse(data, time);
      case Source.input: return this.#input(data, time);
      case Source.resize: return [{ kind: "resize", text: `resized the window to ${data.width} × ${data.height}` }];
      case Source.media: return data.type > 1 ? null : [{ kind: "media", text: `${data.type === 0 ? "played" : "paused"} ${this.#names.name(data.id)}` }];
      default: return null;
    }
  }

  #mouse(data, time) {
    const verb = { [Mouse.click]: data.pointerType === 2 ? "tapped" : "clicked", [Mouse.doubleClick]: "double-clicked", [Mouse.contextMenu]: "right-clicked" }[data.type];
    if (!verb) return null;
    const name = this.#names.name(data.id);
    const facts = [{ kind: "click", text: `${verb} ${name}` }];
    if (data.type === Mouse.click && this.#isRage(data, time)) facts.push({ kind: "rage", text: `clicked again and again on ${name}` });
    this.#typing = null;
    return facts;
  }

  #isRage(data, time) {
    this.#clicks = this.#clicks.filter((click) => time - click.time <= rage.milliseconds
      && Math.hypot(click.x - data.x, click.y - data.y) <= rage.pixels);
    this.#clicks.push({ time, x: data.x, y: data.y });
    if (this.#clicks.length < rage.clicks) return false;
    this.#clicks = [];
    return true;
  }

  /** Key after key in one field is one fact, which says what stands there in the end. */
  #input(data, time) {
    const name = this.#names.name(data.id);
    if (this.#names.isTicked(data.id)) return [{ kind: "input", text: `${data.isChecked ? "ticked" : "unticked"} ${name}` }];
    const text = String(data.text ?? "");
    const words = /^\*+$/.test(text) ? `typed in ${name} (masked)` : text === "" ? `emptied ${name}` : `typed “${text.slice(0, 80)}” in ${name}`;
    if (this.#typing && this.#typingID === data.id && time - this.#typing.time < 5_000) {
      this.#typing.text = words;
      return null;
    }
    this.#typingID = data.id;
    this.#typing = /** @type {any} */ ({ kind: "input", text: words, time });
    return [this.#typing];
  }
}
