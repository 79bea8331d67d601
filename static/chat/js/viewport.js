/** Keeps the message box above a keyboard that covers the page instead of shrinking it (iOS). */

export function fitToKeyboard(body) {
  const { visualViewport } = window;
  if (!visualViewport) return;
  const fit = () => {
    // Pinch zoom shrinks what is seen too, and must not change the layout.
    const isCovered = visualViewport.scale === 1 && innerHeight - visualViewport.height > 120;
    body.style.setProperty("--seen-height", `${Math.round(visualViewport.height)}px`);
    body.classList.toggle("is-fitted", isCovered);
    if (isCovered) scrollTo(0, 0);
  };
  visualViewport.addEventListener("resize", fit);
}
