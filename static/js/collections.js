// The page of a collection. A person sorts its items by drag and drop, or with the arrow keys on an
// item's handle. The page shows the new order at once and sends all of it; the answer replaces the
// list with the collection as the server has it.
import "./live.js";
import "./previews.js";

const SEND_DELAY_MS = 400; // key presses come in quick succession
const list = () => document.getElementById("items");
const allItems = () => [...list().querySelectorAll(".item")];
let timer;
let sortable;

/** Send the order of all items to the server. */
function sendOrder() {
  clearTimeout(timer);
  const items = allItems().map((item) => item.dataset.item).join(",");
  window.htmx.ajax("POST", list().dataset.order, { source: list(), swap: "none", values: { items } });
}

/** Write the ordinal of each item anew. */
function updateOrdinals() {
  allItems().forEach((item, index) => (item.querySelector(".item-ordinal").textContent = index + 1));
}

/** Announce the new position of an item to screen readers. */
function announce(item) {
  const values = { title: item.dataset.title, position: allItems().indexOf(item) + 1, count: allItems().length };
  const sentence = list().dataset.moved.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  document.getElementById("moved").textContent = sentence;
}

/** Move an item as the key says, and send the order soon. */
function moveByKey(item, key) {
  const all = allItems();
  const from = all.indexOf(item);
  const to = {
    ArrowLeft: from - 1,
    ArrowUp: from - 1,
    ArrowRight: from + 1,
    ArrowDown: from + 1,
    Home: 0,
    End: all.length - 1,
  }[key];
  if (to === undefined || to === from || !all[to]) return;
  if (to < from) all[to].before(item);
  else all[to].after(item);
  item.querySelector(".grip").focus();
  updateOrdinals();
  announce(item);
  clearTimeout(timer);
  timer = setTimeout(sendOrder, SEND_DELAY_MS);
}

/** Make the list sortable; a swap may have replaced it. */
function makeSortable() {
  if (!list()?.dataset.order || sortable?.el === list()) return;
  sortable = new window.Sortable(list(), {
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 220,
    draggable: ".item",
    filter: ".item-menu",
    preventOnFilter: false,
    delay: 180,
    delayOnTouchOnly: true,
    ghostClass: "is-moving",
    // While an item is dragged, no answer may reorder the list under the pointer.
    onStart: () => list().setAttribute("hx-morph-skip", ""),
    onEnd: (event) => {
      list().removeAttribute("hx-morph-skip");
      if (event.oldIndex === event.newIndex) return;
      updateOrdinals();
      announce(event.item);
      sendOrder();
    },
  });
}

document.addEventListener("keydown", (event) => {
  const item = event.target.closest(".grip")?.closest(".item");
  if (!item || !/^(Arrow|Home$|End$)/.test(event.key)) return;
  event.preventDefault();
  moveByKey(item, event.key);
});
document.addEventListener("htmx:after:swap", makeSortable);
document.addEventListener("htmx:response:error", () => location.reload());
makeSortable();
