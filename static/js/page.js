// What every page needs.
import "./menus.js";
import "./dialogs.js";
import "./theme.js";
import "./ticking.js";
import "./copying.js";
