// Runs before the first paint, so that a chosen theme never flashes: keep it tiny.
document.documentElement.dataset.scripts = "on";
try {
  const theme = localStorage.getItem("mailsink.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme holds.
}
