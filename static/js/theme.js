// Sets the chosen theme before the first paint; without a choice the system decides.
(function () {
  try {
    var chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    document.documentElement.dataset.themeStorage = "off";
  }
})();
