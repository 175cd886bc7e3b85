// Pages that are opened without a load: rrweb makes no event of them.

/** @param {(url: string) => void} tell @returns {() => void} puts history back */
function watchPages(tell) {
  let last = location.href;
  const look = () => {
    if (location.href === last) return;
    last = location.href;
    tell(last);
  };
  const { pushState, replaceState } = history;
  history.pushState = function (...parts) {
    pushState.apply(this, parts);
    look();
  };
  history.replaceState = function (...parts) {
    replaceState.apply(this, parts);
    look();
  };
  addEventListener("popstate", look);
  addEventListener("hashchange", look);
  return () => {
    Object.assign(history, { pushState, replaceState });
    removeEventListener("popstate", look);
    removeEventListener("hashchange", look);
  };
}
