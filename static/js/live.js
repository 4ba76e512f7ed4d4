// One poll for the whole page. #live holds the address, the version the page shows, and whether
// anything is still changing. The answer replaces the changed elements and #live itself; 204 means
// that nothing changed.
const INTERVAL_MS = 3000;
const HIDDEN_INTERVAL_MS = 30000;
const AFTER_ACTION_MS = 300;
const FAILURES_BEFORE_NOTICE = 2;
let timer;
let failures = 0;

const live = () => document.getElementById("live");

/** Ask the server for changes once, then schedule the next poll. */
async function poll() {
  const state = live();
  if (!state) return;
  const address = new URL(state.dataset.url, location.origin);
  address.search = state.dataset.query;
  address.searchParams.set("since", state.dataset.since);
  if (document.querySelector("#alarms > [data-silent]")) address.searchParams.set("silent", "");
  let answered = false;
  const checkStatus = (event) => (answered = event.detail.ctx.response.status < 500);
  state.addEventListener("htmx:after:request", checkStatus, { once: true });
  try {
    await window.htmx.ajax("GET", address.href, { source: state, target: state, swap: "none" });
    document.title = live().dataset.title;
  } finally {
    failures = answered ? 0 : failures + 1;
    const notice = document.getElementById("unreachable");
    if (notice) notice.hidden = failures < FAILURES_BEFORE_NOTICE;
    schedule();
  }
}

/** Set the timer for the next poll, if the page still changes. */
function schedule() {
  clearTimeout(timer);
  const interval = document.hidden ? HIDDEN_INTERVAL_MS : INTERVAL_MS;
  if (live()?.dataset.moving === "true") timer = setTimeout(poll, interval);
}

/** Poll within a moment. */
function pollSoon() {
  clearTimeout(timer);
  timer = setTimeout(poll, AFTER_ACTION_MS);
}

document.addEventListener("visibilitychange", () => (document.hidden ? schedule() : pollSoon()));
// Any action of a person may have started something that changes.
document.addEventListener("htmx:after:request", (event) => {
  if (event.detail.ctx?.request?.method !== "GET") pollSoon();
});
schedule();
