// The page of one clip: its player, what changes, and a decision that the address asks for.
import "./live.js";
import "./player.js";

// While a page loads, the browser moves the focus to what the address names: only then is it ours.
function openDecision() {
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("decide")?.showModal();
}

if (location.hash === "#decide") {
  if (document.readyState === "complete") openDecision();
  else addEventListener("load", () => setTimeout(openDecision), { once: true });
}
