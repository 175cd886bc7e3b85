// The buttons below the screen, and the keyboard.

import { byId } from "./dom.js";
import { clock } from "./words.js";

const stepMilliseconds = 5_000;
// What stepping from event to event stops at: what the person did or met.
const steps = new Set(["page", "click", "input", "error", "failed", "rage", "custom", "media"]);

/**
 * @param {{recording: any, screen: any, seek: (time: number) => void, facts: () => any[]}} player
 * @returns {{show: (time: number) => void}}
 */
export function bindControls({ recording, screen, seek, facts }) {
  const toggle = () => (screen.isPlaying ? screen.pause() : screen.play());
  const to = (isWanted, direction) => {
    const now = screen.time;
    const found = direction > 0
      ? facts().find((fact) => fact.time > now + 1 && isWanted(fact))
      : facts().findLast((fact) => fact.time < now - 1 && isWanted(fact));
    if (found) seek(found.time);
  };
  const nextError = () => to((fact) => fact.kind === "error" || fact.kind === "failed", 1);
  const nextRage = () => to((fact) => fact.kind === "rage", 1);
  const nextStep = () => to((fact) => steps.has(fact.kind), 1);
  const previousStep = () => to((fact) => steps.has(fact.kind), -1);
  const speed = byId("speed");
  const changeSpeed = (step) => {
    speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + step, 0), speed.options.length - 1);
    screen.setSpeed(Number(speed.value));
  };
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : document.querySelector(".watch").requestFullscreen());

  byId("play").onclick = toggle;
  byId("previous").onclick = previousStep;
  byId("next").onclick = nextStep;
  byId("next-error").onclick = nextError;
  byId("next-rage").onclick = nextRage;
  byId("full").onclick = full;
  speed.onchange = () => screen.setSpeed(Number(speed.value));
  byId("copy").onclick = copyLink;
  byId("go-live").onclick = () => {
    seek(recording.end);
    if (!screen.isPlaying) screen.play();
  };

  const keys = {
    " ": toggle, k: toggle, ",": previousStep, ".": nextStep, e: nextError, r: nextRage, f: full,
    ArrowLeft: () => seek(screen.time - stepMilliseconds),
    ArrowRight: () => seek(screen.time + stepMilliseconds),
    Home: () => seek(recording.start),
    End: () => seek(recording.end),
    "<": () => changeSpeed(-1),
    ">": () => changeSpeed(1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    // A focused button is pressed by the space bar, and is not the player's.
    if (event.key === " " && event.target.closest("button, a, [role=tab]")) return;
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  return {
    show(time) {
      byId("now").textContent = clock(time - recording.start);
      byId("length").textContent = clock(recording.end - recording.start);
      byId("go-live").hidden = !recording.isLive || (screen.isPlaying && screen.isAtEnd);
      const name = screen.isPlaying ? "Pause" : "Play";
      if (byId("play").textContent !== name) {
        byId("play").textContent = name;
        byId("play").setAttribute("aria-label", name);
      }
      const known = facts();
      byId("next-error").disabled = !known.some((fact) => fact.kind === "error" || fact.kind === "failed");
      byId("next-rage").disabled = !known.some((fact) => fact.kind === "rage");
    },
  };
}

async function copyLink() {
  const button = byId("copy");
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "The address bar has it";
  }
  setTimeout(() => (button.textContent = "Copy link here"), 2_000);
}
