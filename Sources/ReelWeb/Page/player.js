// The player: brings the recording, its screen, the timeline, the controls and the panels together.

import { token } from "./access.js";
import { bindControls } from "./controls.js";
import { byId } from "./dom.js";
import { follow } from "./live.js";
import { Panels } from "./panels.js";
import { Recording } from "./recording.js";
import { Screen } from "./screen.js";
import { Timeline } from "./timeline.js";
import { skipTarget } from "./inactivity.js";
import { count } from "./words.js";

const recording = new Recording(decodeURIComponent(location.pathname.split("/")[2]));
const query = new URLSearchParams(location.search);

start().catch((error) => cover(error.message));

async function start() {
  await recording.load();
  showTitle();
  if (recording.gaps.length > 0) {
    const lost = recording.gaps.reduce((sum, gap) => sum + gap.count, 0);
    notify(`${count(lost, "event")} of this recording are damaged or lost; the rest is played.`);
  }
  const screen = new Screen(byId("screen"), recording);
  const timeline = new Timeline(byId("timeline"), recording, seek);
  const panels = new Panels({ recording, screen, seek });
  const state = { facts: [], active: [], skips: byId("skip") };
  const controls = bindControls({ recording, screen, seek, facts: () => state.facts });

  function seek(time) {
    screen.seek(time).catch((error) => cover(error.message));
  }
  screen.addEventListener("loading", () => cover(screen.isLoading ? "Loading …" : ""));
  screen.addEventListener("trouble", (event) => notify(event.detail.message));
  screen.addEventListener("moved", () => {
    draw();
    keepInAddress(screen.time);
  });

  function draw() {
    const time = screen.time;
    timeline.show(time);
    controls.show(time);
    panels.show(time);
    showAddress(state.facts, time);
  }
  function frame() {
    requestAnimationFrame(frame);
    if (!screen.isPlaying) return;
    screen.keepAhead();
    const target = state.skips.checked ? skipTarget(state.active, screen.time) : null;
    if (target !== null && !screen.isLoading) seek(target);
    draw();
  }

  const worker = readFacts(({ facts, active, density, isCut }) => {
    state.facts = facts;
    state.active = active;
    if (isCut) notify("There is more than the panels can hold: they show the first 50,000 things.");
    timeline.setFacts(facts, active, density);
    panels.setFacts(facts);
    draw();
  });
  frame();
  const isJoining = recording.isLive && !query.has("t");
  if (recording.isLive) goOn(screen, worker, isJoining);
  coverWhatIsMissing();
  if (recording.chunks.length === 0) return;
  const wanted = Number(query.get("t"));
  if (isJoining) {
    screen.isPlaying = true;
    seek(recording.end);
  } else {
    seek(recording.start + (Number.isFinite(wanted) ? wanted * 1000 : 0));
  }
}

/** Takes in what is recorded while somebody watches. */
function goOn(screen, worker, isJoining) {
  follow(recording.path, recording.next, {
    events(events) {
      const isFirst = !recording.hasSnapshot;
      worker.postMessage({ more: events });
      recording.append(events);
      if (isFirst && recording.hasSnapshot && isJoining) screen.isPlaying = true;
      coverWhatIsMissing();
      screen.grow();
    },
    ended(reason) {
      recording.isLive = false;
      byId("live").hidden = true;
      if (reason === "ended") return screen.seek(screen.time);
      screen.pause();
      cover(reason === "erased" ? "This recording was erased." : "This recording is there no more.");
    },
    connected(isConnected) {
      byId("live").textContent = isConnected ? "Live" : "Connecting again …";
    },
  });
}

function coverWhatIsMissing() {
  if (recording.chunks.length === 0) cover("Nothing was recorded yet.");
  else if (!recording.hasSnapshot) cover("This recording has no full snapshot, so there is no page to draw. The panels show its events.");
}

/** @param {(told: any) => void} take called again and again with all that is known so far */
function readFacts(take) {
  const worker = new Worker("/assets/facts-worker.js", { type: "module" });
  worker.onmessage = ({ data }) => (data.trouble ? notify(data.trouble) : take(data));
  worker.onerror = () => notify("The panels stay empty: the recording could not be read in the background.");
  const { path, generation, chunks } = recording;
  worker.postMessage({ path, generation, chunks, token: token() });
  return worker;
}

function showTitle() {
  const { about } = recording;
  byId("title").textContent = `#${about.number} · ${about.user || about.activity || "Somebody"}`;
  byId("live").hidden = about.status !== "recording";
}

function showAddress(facts, time) {
  const page = facts.findLast((fact) => fact.kind === "page" && fact.time <= time);
  byId("address").textContent = page ? page.text.slice("opened ".length) : recording.about.first_url;
}

let addressTimer = 0;
/** The address names the moment, so that it can be sent to somebody. Browsers allow few changes in a short time. */
function keepInAddress(time) {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const seconds = Math.max(0, (time - recording.start) / 1000).toFixed(1);
    const now = new URLSearchParams(location.search);
    now.set("t", seconds);
    history.replaceState(null, "", `?${now}`);
  }, 250);
}

function cover(text) {
  byId("cover").textContent = text;
  byId("cover").hidden = text === "";
}

function notify(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = false;
}
