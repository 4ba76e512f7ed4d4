// The page of one clip: its player, live changes, and the dialog that the address #decide opens.
import "./live.js";
import "./player.js";

window.htmx.registerExtension("unfolded", {
  // A reply that a person has opened or closed stays so when the clip changes.
  htmx_before_morph_attr: (element, { attrName }) => !(attrName === "open" && element.matches("details")),
});

/** Open the decision dialog and remove #decide from the address. */
function openDecision() {
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("decide")?.showModal();
}

// While a page loads, the browser moves the focus to the element that the address names. A dialog
// opened before that would lose its focus.
if (location.hash === "#decide") {
  if (document.readyState === "complete") openDecision();
  else addEventListener("load", () => setTimeout(openDecision), { once: true });
}
