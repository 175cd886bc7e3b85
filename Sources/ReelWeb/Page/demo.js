// The page that records itself, so that a newcomer sees the whole way in a minute.

import { token } from "./access.js";
import { askJSON } from "./api.js";
import { byId, element } from "./dom.js";

// Asks for the token where there is none, or a wrong one.
await askJSON("/v1/recordings?limit=1");
window.reeld.init({ endpoint: location.origin, token: token(), project: "demo", ignoreDoNotTrack: true });
window.reeld.event("demo", { step: "opened" });

const look = setInterval(() => {
  const link = window.reeld.link();
  if (!link) return;
  clearInterval(look);
  byId("watch").href = link;
  byId("watch").hidden = false;
  byId("state").hidden = false;
}, 200);

byId("add").onclick = () => byId("lines").append(element("li", {}, `Added at ${new Date().toLocaleTimeString()}`));
byId("fail").onclick = async () => {
  const answer = await fetch("/v1/recordings/nonsense");
  byId("said").textContent = `The daemon answered ${answer.status}.`;
};
byId("throw").onclick = () => {
  byId("said").textContent = "It is in the console panel of the recording.";
  throw new Error("thrown on purpose");
};
