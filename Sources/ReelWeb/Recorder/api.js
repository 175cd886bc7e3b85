// window.reeld: what a page may ask of its recorder. The first init counts.

let recorder = null;

window.reeld = {
  init(options = {}) {
    if (recorder) return console.warn("reeld: it is recording already; the first init counts");
    recorder = new Recorder(options);
    recorder.start();
  },
  start: () => recorder?.start(),
  stop: () => recorder?.stop(),
  pause: () => recorder?.pause(),
  resume: () => recorder?.resume(),
  consent: (isGiven) => recorder?.consent(isGiven),
  event: (name, data) => recorder?.event(name, data),
  identify: (user) => recorder?.identify(user),
  link: () => recorder?.link() ?? null,
};

const { dataset, src } = document.currentScript ?? { dataset: {}, src: "" };
// A tag with any data- attribute is an init; without one the page calls it.
if (Object.keys(dataset).length > 0) {
  window.reeld.init({ endpoint: src ? src.replace(/\/recorder\.js(\?.*)?$/, "") : "", ...dataset });
}
