import { onBeforeUnmount } from "vue";

/** As long as this stands, `--screen` is the height that the keyboard leaves: Safari lets it cover the page instead. */
export function useScreenAboveKeyboard(): void {
  const screen = window.visualViewport;
  const style = document.documentElement.style;

  function measure(): void {
    const isCovered = screen && screen.scale === 1 && window.innerHeight - screen.height > 1;
    if (!isCovered) return void style.removeProperty("--screen");
    style.setProperty("--screen", `${screen.height}px`);
    window.scrollTo(0, 0);
  }

  screen?.addEventListener("resize", measure);
  onBeforeUnmount(() => {
    screen?.removeEventListener("resize", measure);
    style.removeProperty("--screen");
  });
}
