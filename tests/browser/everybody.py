"""What every page owes everybody: nothing sticks out, and whoever can't see or point can use it."""

from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {375: 740, 768: 1024, 1440: 900}


async def fits(page: Page) -> bool:
    """Whether nothing makes the page scroll sideways."""
    return await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def complaints(page: Page) -> list[str]:
    """What axe finds wrong by WCAG 2.2 A and AA: names, contrast, targets, structure."""
    await page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = await page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
    return [
        f"{wrong['id']}: {node['html'][:200]} {node['failureSummary']}"
        for wrong in found["violations"]
        for node in wrong["nodes"]
    ]


async def focus_is_seen(page: Page) -> bool:
    """Whether what the keyboard reaches next is outlined."""
    await page.keyboard.press("Tab")
    return await page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'")
