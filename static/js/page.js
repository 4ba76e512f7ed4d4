// The scripts of every page.
import "./menus.js";
import "./dialogs.js";
import "./theme.js";
import "./timers.js";
import "./clipboard.js";
