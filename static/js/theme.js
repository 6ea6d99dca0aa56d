// Runs before the first paint, so that a page never flashes in the other theme. Not a module on purpose.
(function () {
  "use strict";
  var root = document.documentElement;
  root.dataset.wish = "dark";
  try {
    var kept = localStorage.getItem("theme") || "";
    if (/^(light|auto)$/.test(kept)) root.dataset.wish = kept;
  } catch (error) {
    // Storage is switched off: the page stays dark.
  }
  var system = matchMedia("(prefers-color-scheme: light)");
  function apply() {
    var wish = root.dataset.wish;
    var light = wish === "light" || (wish === "auto" && system.matches);
    root.dataset.bsTheme = light ? "light" : "dark";
    var colour = document.querySelector('meta[name="theme-color"]');
    if (colour) colour.setAttribute("content", light ? "#fcfcfd" : "#0e1525");
  }
  system.addEventListener("change", apply);
  addEventListener("themechange", apply);
  apply();
})();
