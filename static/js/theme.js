// Runs before the first paint, so that a page never flashes in the other theme. Not a module on purpose.
(function () {
  "use strict";
  var wish = "dark";
  try {
    wish = localStorage.getItem("theme") || wish;
  } catch (error) {
    // Storage is switched off: the page stays dark.
  }
  var system = matchMedia("(prefers-color-scheme: light)");
  function apply() {
    var light = wish === "light" || (wish === "auto" && system.matches);
    document.documentElement.dataset.bsTheme = light ? "light" : "dark";
    var colour = document.querySelector('meta[name="theme-color"]');
    if (colour) colour.setAttribute("content", light ? "#fcfcfd" : "#0e1525");
  }
  system.addEventListener("change", apply);
  addEventListener("themechange", function (event) {
    wish = /** @type {CustomEvent<string>} */ (event).detail;
    apply();
  });
  apply();
})();
