// Runs before the first paint, so that a chosen theme, density or width causes no flash: keep
// it tiny.
document.documentElement.dataset.scripts = "on";
try {
  const root = document.documentElement;
  const theme = localStorage.getItem("mailsink.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (localStorage.getItem("mailsink.density") === "compact") root.dataset.density = "compact";
  for (const pane of ["list", "panel"]) {
    const width = Number(localStorage.getItem(`mailsink.width.${pane}`));
    if (width) root.style.setProperty(`--${pane}-width`, `${width}px`);
  }
} catch {
  // Storage is blocked: the defaults apply.
}
