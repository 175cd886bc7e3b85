// The timeline: density of events, idle spans, markers, and the playhead; click, drag and arrow keys seek.

import { element } from "./dom.js";
import { idleSpans } from "./inactivity.js";
import { clock } from "./words.js";

/** Markers, each with its colour (a custom property) and its row, from the top. */
const markers = {
  page: ["--accent", 0], custom: ["--faint", 0], click: ["--text", 1], input: ["--good", 1], rage: ["--warn", 2],
  error: ["--bad", 2], failed: ["--bad", 2],
};
// How near the pointer a marker is told of, in pixels.
const hintReach = 5;

export class Timeline {
  /** @param {(time: number) => void} seek */
  constructor(root, recording, seek) {
    this.root = root;
    this.recording = recording;
    this.seek = seek;
    this.canvas = root.querySelector("canvas");
    this.playhead = root.querySelector(".playhead");
    this.hint = root.querySelector(".hint");
    this.facts = [];
    this.active = [];
    this.density = [];
    root.setAttribute("aria-valuemax", String(Math.round((recording.end - recording.start) / 1000)));
    root.addEventListener("pointerdown", (event) => this.#grab(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointerleave", () => (this.hint.hidden = true));
    this.time = recording.start;
    new ResizeObserver(() => {
      this.draw();
      this.show(this.time);
    }).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  get #length() {
    return Math.max(1, this.recording.end - this.recording.start);
  }

  #x(time) {
    return ((time - this.recording.start) / this.#length) * this.root.clientWidth;
  }

  #timeAt(event) {
    const { left, width } = this.root.getBoundingClientRect();
    const part = Math.min(Math.max((event.clientX - left) / width, 0), 1);
    return this.recording.start + part * this.#length;
  }

  #grab(event) {
    this.root.setPointerCapture(event.pointerId);
    this.root.focus();
    const near = this.#near(event);
    this.seek(near ? near.time : this.#timeAt(event));
  }

  #move(event) {
    const time = this.#timeAt(event);
    if (this.root.hasPointerCapture(event.pointerId)) this.seek(time);
    const near = this.#near(event);
    const when = clock((near?.time ?? time) - this.recording.start);
    this.hint.textContent = near ? `${when} · ${near.text.slice(0, 80)}` : when;
    this.hint.hidden = false;
    const half = this.hint.offsetWidth / 2;
    this.hint.style.left = `${Math.min(Math.max(this.#x(time), half), this.root.clientWidth - half)}px`;
  }

  #near(event) {
    const x = event.clientX - this.root.getBoundingClientRect().left;
    let best = null;
    let reach = hintReach;
    for (const fact of this.facts) {
      const distance = Math.abs(this.#x(fact.time) - x);
      if (markers[fact.kind] && distance < reach) {
        best = fact;
        reach = distance;
      }
    }
    return best;
  }

  setFacts(facts, active, density) {
    this.facts = facts;
    this.active = active;
    this.density = density;
    this.draw();
  }

  show(time) {
    this.time = time;
    this.playhead.style.transform = `translateX(${this.#x(time)}px)`;
    this.root.setAttribute("aria-valuenow", String(Math.round((time - this.recording.start) / 1000)));
    this.root.setAttribute("aria-valuetext", `${clock(time - this.recording.start)} of ${clock(this.#length)}`);
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.root;
    const scale = devicePixelRatio;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const context = this.canvas.getContext("2d");
    const colour = colours();
    context.scale(scale, scale);
    context.fillStyle = colour("--line");
    for (const [from, to] of idleSpans(this.active)) context.fillRect(this.#x(from), 0, this.#x(to) - this.#x(from), height);
    this.#drawDensity(context, colour("--accent"), width, height);
    for (const fact of this.facts) {
      const marker = markers[fact.kind];
      if (!marker) continue;
      context.fillStyle = colour(marker[0]);
      context.fillRect(this.#x(fact.time) - 1, 4 + marker[1] * 9, 2.5, 7);
    }
  }

  #drawDensity(context, colour, width, height) {
    const most = Math.max(1, ...this.density);
    context.fillStyle = colour;
    context.globalAlpha = 0.35;
    this.density.forEach((number, index) => {
      if (number === 0) return;
      const size = 2 + 14 * Math.sqrt(number / most);
      context.fillRect((index / this.density.length) * width, height - size, width / this.density.length, size);
    });
    context.globalAlpha = 1;
  }
}

/** Colours as canvas takes them: custom properties hold light-dark(), which only a real property resolves. */
function colours() {
  const known = new Map();
  const probe = element("span", { hidden: true });
  document.body.append(probe);
  queueMicrotask(() => probe.remove());
  return (name) => {
    if (!known.has(name)) {
      probe.style.color = `var(${name})`;
      known.set(name, getComputedStyle(probe).color);
    }
    return known.get(name);
  };
}
